/* The cursor of a list in a layer. */
#pragma once

#include "ui/keys.h"

#include <stddef.h>

/* Moves it among so many rows if the action is a way to; whether it was. */
static inline bool cursor_move(size_t *cursor, size_t count, enum action action) {
    bool down = action == ACTION_DOWN || action == ACTION_PAGE_DOWN,
         up = action == ACTION_UP || action == ACTION_PAGE_UP;
    size_t step = action == ACTION_PAGE_DOWN || action == ACTION_PAGE_UP ? 10 : 1;
    if (down)
        *cursor = *cursor + step < count ? *cursor + step : count ? count - 1 : 0;
    else if (up)
        *cursor -= *cursor < step ? *cursor : step;
    return down || up;
}
