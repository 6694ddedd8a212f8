/*
 * A terminal within the terminal: bytes become cells by libvterm, and cells are drawn. Nothing that a
 * container wrote reaches the outer terminal but characters and their looks.
 */
#pragma once

#include "ui/terminal/draw.h"

struct emulator;
struct emulator *emulator_new(void) nodiscard;
/* NULL is allowed. */
void emulator_free(struct emulator *emulator);

/* It shows these lines of text with their looks (SGR), each from the left, and no more. */
void emulator_show(struct emulator *emulator, const char *text, int rows, int columns);
/* How many rows of it hold anything. */
int emulator_used(const struct emulator *emulator);
/*
 * Draws it from this row of it on, as much as there is room for. A cursor (row -1: none) is drawn in
 * reverse.
 */
void emulator_draw(const struct emulator *emulator, struct area area, int from, int cursor_row,
                   int cursor_column);
/* A row's characters, without looks. Caller owns. */
char *emulator_text(const struct emulator *emulator, int row) nodiscard;
