/* Parts that views are made of: a line to type into, a question. */
#pragma once

#include "ui/draw.h"
#include "ui/term.h"

/* One line of text that is being typed. */
#define FIELD_LIMIT 4096
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

/* A question that is answered with yes or no. */
struct dialog {
    char *text;
    struct strings details;
    bool answered;
    bool yes;
};
void dialog_draw(const struct dialog *dialog, struct area area);
