/*
 * Drawing text into areas of the screen: clipped, wide characters counted as two, and nothing from
 * outside drawn that a terminal would act on.
 */
#pragma once

#include "base/str.h"
#include "ui/terminal/theme.h"

struct area {
    int row, column, rows, columns;
};
/* Whether this place of the screen is in it. */
static inline bool area_has(struct area area, int row, int column) {
    return row >= area.row && row < area.row + area.rows && column >= area.column &&
           column < area.column + area.columns;
}

/* The columns that the text takes. */
int draw_width(const char *text);

/*
 * Draws at a row and column of the area, as far as there is room; returns the column behind it.
 * Control characters and broken UTF-8 are drawn as "?".
 */
int draw_text(struct area area, int row, int column, enum style style, const char *text);
int draw_format(struct area area, int row, int column, enum style style, const char *format, ...)
    printf_like(5, 6);
/* The same with curses' attributes. */
int draw_attributes(struct area area, int row, int column, unsigned long attributes, const char *text);
/* Breaks at blanks where there is one; returns the row behind the text. */
int draw_wrapped(struct area area, int row, int column, enum style style, const char *text);
/* The rows that it would take in so many columns. */
int draw_wrapped_rows(int columns, const char *text);

/* At most so many columns of a text, an ellipsis at its left, or right, end. Caller owns. */
char *draw_shorten_left(const char *text, int columns) nodiscard;
char *draw_shorten(const char *text, int columns) nodiscard;

void draw_clear(struct area area);
/* A whole row of the area in one style. */
void draw_bar(struct area area, int row, enum style style);
/* A frame; returns what is inside it. */
struct area draw_box(struct area area);
/* The path with the user's home as "~". Caller owns. */
char *draw_path(const char *path) nodiscard;
