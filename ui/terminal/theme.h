/* Looks: what a style is on this terminal, and which characters draw. */
#pragma once

#include <stdbool.h>

enum style {
    STYLE_PLAIN,
    STYLE_DIM,
    STYLE_STRONG,
    STYLE_TITLE, /* of the frame */
    STYLE_BORDER,
    STYLE_GOOD,
    STYLE_WARNING,
    STYLE_BAD,
    STYLE_KEY,      /* in the footer and in help */
    STYLE_SELECTED, /* the row under the cursor */
    STYLE_MATCH,    /* what the filter found */
    STYLE_FIELD,    /* what can be typed into */
    STYLES
};

enum glyph {
    GLYPH_RUNNING,
    GLYPH_STOPPED,
    GLYPH_CHANGING,
    GLYPH_FROZEN,
    GLYPH_QUIET,
    GLYPH_PROMPT,
    GLYPH_WAITING,
    GLYPH_MUTED,
    GLYPH_CURSOR,
    GLYPH_MARK,
    GLYPH_YES,
    GLYPH_NO,
    GLYPH_WARNING,
    GLYPH_LINE,
    GLYPH_ARROW,
    GLYPH_ELLIPSIS,
    GLYPH_DOT,
    GLYPHS
};

/*
 * To be called when curses has started. `name`: "auto" (COLORFGBG tells a light background), "dark",
 * "light" or "mono"; without colours, or with NO_COLOR in the environment (https://no-color.org), it is
 * mono. Characters beyond ASCII are drawn where the locale is UTF-8.
 */
void theme_start(const char *name, bool no_color);
/* Curses' attributes of a style. */
unsigned long theme_attributes(enum style style);
const char *theme_glyph(enum glyph glyph);
bool theme_is_utf8(void);
/* Attributes of text in one of a terminal's 256 colours each (-1: its own), as closely as can be done. */
unsigned long theme_color(int foreground, int background);
