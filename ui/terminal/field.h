/* A line of text that is being typed. */
#pragma once

#include "ui/terminal/draw.h"
#include "ui/terminal/terminal.h"

#define FIELD_LIMIT 4096 /* bytes */

struct field {
    struct buffer text; /* UTF-8; text.data is never NULL once set */
    size_t at;          /* the cursor, in bytes */
};
void field_set(struct field *field, const char *text);
const char *field_text(const struct field *field);
void field_done(struct field *field);
/* Whether the key was for it: characters, the arrows within the line, Backspace, Ctrl-a e k u w. */
bool field_key(struct field *field, const struct key *key);
/* Draws what of it is in view; with `active` its cursor too. */
void field_draw(const struct field *field, struct area area, int row, int column, int columns, bool active);
/* The same in the last row of the area, with a sign before it. */
void field_draw_line(const struct field *field, const char *sign, struct area area);
