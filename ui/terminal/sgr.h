/* Lines of text with colours in them (ECMA-48, "SGR"), as tmux keeps a terminal's. */
#pragma once

#include "ui/terminal/draw.h"

/* What the sequences so far have set; zeroed at the beginning of a screen. */
struct sgr {
    unsigned long attributes;
    int foreground, background; /* as 1 + colour; 0: the terminal's own */
};

/*
 * Draws a line, as far as there is room. Sequences that are no SGR are left out: nothing that a
 * container wrote reaches the terminal but characters and their looks.
 */
void sgr_draw(struct sgr *sgr, struct area area, int row, const char *line);
