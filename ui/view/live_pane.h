/*
 * A session's terminal as a part of a view: what it shows now, or, once scrolled, what it had shown when
 * that began, with what was above it.
 */
#pragma once

#include "ui/terminal/emulator.h"
#include "ui/view/host.h"

struct live_pane {
    struct host *host;
    char *name; /* of the session; NULL: none */
    struct emulator *emulator;
    int64_t drawn; /* the number of the contents in it */
    bool filled;
    struct emulator *past; /* what was shown; NULL: not scrolled */
    int past_rows, past_columns;
    int scroll; /* rows up from the end of that */
    bool asking;
    char *search; /* what is looked for in it; NULL: nothing */
    int page;     /* the rows of the last frame */
};
void live_pane_init(struct live_pane *pane, struct host *host);
void live_pane_done(struct live_pane *pane);
/* It shows this session from now on; NULL: none. */
void live_pane_of(struct live_pane *pane, const char *name);
void live_pane_draw(struct live_pane *pane, struct area area);
/* Up (above 0) into the past, and back. */
void live_pane_scroll(struct live_pane *pane, int rows);
/* Goes up (or down) to the next row that has `text`, no matter which case; false if there is none. */
bool live_pane_search(struct live_pane *pane, const char *text, bool up);
/* What is in view, as text. Caller owns. */
char *live_pane_text(const struct live_pane *pane) nodiscard;
