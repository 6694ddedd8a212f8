#include "ui/terminal/theme.h"

#include "base/str.h"

#include <curses.h>
#include <langinfo.h>

static attr_t styles[STYLES];
static bool utf8;
static bool colors;

/* Pairs for text that brings its own colours: one for each of 8×8, behind the styles' own. */
#define PAIR_FREE 20
#define OWN_COLOR 8 /* the terminal's, as a ninth one */

struct look {
    short color; /* -1: the terminal's own */
    attr_t attributes;
};

/* Each is told from the others without colour too. */
static const struct look mono[STYLES] = {
    [STYLE_DIM] = {-1, A_DIM},          [STYLE_STRONG] = {-1, A_BOLD},
    [STYLE_TITLE] = {-1, A_BOLD},       [STYLE_WARNING] = {-1, A_BOLD},
    [STYLE_BAD] = {-1, A_BOLD},         [STYLE_KEY] = {-1, A_BOLD},
    [STYLE_SELECTED] = {-1, A_REVERSE}, [STYLE_MATCH] = {-1, A_UNDERLINE},
    [STYLE_FIELD] = {-1, A_UNDERLINE},
};
static const struct look dark[STYLES] = {
    [STYLE_PLAIN] = {-1, 0},
    [STYLE_DIM] = {-1, A_DIM},
    [STYLE_STRONG] = {-1, A_BOLD},
    [STYLE_TITLE] = {COLOR_CYAN, A_BOLD},
    [STYLE_BORDER] = {COLOR_BLUE, 0},
    [STYLE_GOOD] = {COLOR_GREEN, 0},
    [STYLE_WARNING] = {COLOR_YELLOW, A_BOLD},
    [STYLE_BAD] = {COLOR_RED, A_BOLD},
    [STYLE_KEY] = {COLOR_CYAN, A_BOLD},
    [STYLE_SELECTED] = {-1, A_REVERSE},
    [STYLE_MATCH] = {COLOR_YELLOW, A_BOLD | A_UNDERLINE},
    [STYLE_FIELD] = {-1, A_UNDERLINE},
};
static const struct look light[STYLES] = {
    [STYLE_PLAIN] = {-1, 0},
    [STYLE_DIM] = {-1, A_DIM},
    [STYLE_STRONG] = {-1, A_BOLD},
    [STYLE_TITLE] = {COLOR_BLUE, A_BOLD},
    [STYLE_BORDER] = {COLOR_BLUE, 0},
    [STYLE_GOOD] = {COLOR_GREEN, 0},
    [STYLE_WARNING] = {COLOR_MAGENTA, A_BOLD},
    [STYLE_BAD] = {COLOR_RED, A_BOLD},
    [STYLE_KEY] = {COLOR_BLUE, A_BOLD},
    [STYLE_SELECTED] = {-1, A_REVERSE},
    [STYLE_MATCH] = {COLOR_MAGENTA, A_BOLD | A_UNDERLINE},
    [STYLE_FIELD] = {-1, A_UNDERLINE},
};

/* "15;0": foreground and background; 7 and 9 to 15 are the light ones (rxvt's convention). */
static bool has_light_background(void) {
    const char *value = getenv("COLORFGBG"), *last = NULL;
    for (; value && *value; value++)
        if (*value == ';')
            last = value + 1;
    unsigned long color;
    return last && str_to_number(last, 15, &color) && (color == 7 || color > 8);
}

static const struct look *choose(const char *name, bool no_color) {
    colors = !no_color && str_empty(getenv("NO_COLOR")) && !str_equal(name, "mono") && has_colors();
    if (!colors)
        return mono;
    if (str_equal(name, "light") || (str_equal(name, "auto") && has_light_background()))
        return light;
    return dark;
}

void theme_start(const char *name, bool no_color) {
    const struct look *looks = choose(name, no_color);
    utf8 = str_equal(nl_langinfo(CODESET), "UTF-8");
    if (colors) {
        start_color();
        use_default_colors();
    }
    for (int i = 0; i < STYLES; i++) {
        styles[i] = looks[i].attributes;
        if (!colors || looks[i].color < 0)
            continue;
        init_pair((short)(i + 1), looks[i].color, -1);
        styles[i] |= COLOR_PAIR(i + 1);
    }
    for (int i = 0; colors && i < 81 && PAIR_FREE + i < COLOR_PAIRS; i++)
        init_pair((short)(PAIR_FREE + i), (short)(i / 9 == OWN_COLOR ? -1 : i / 9),
                  (short)(i % 9 == OWN_COLOR ? -1 : i % 9));
}

unsigned long theme_attributes(enum style style) {
    return styles[style];
}

bool theme_is_utf8(void) {
    return utf8;
}

/* The nearest of the 8 basic colours: of the cube and the greys (16 to 255), by their bright channels. */
static int basic(int color) {
    if (color < 0)
        return OWN_COLOR;
    if (color < 16)
        return color % 8;
    if (color >= 232)
        return color >= 244 ? COLOR_WHITE : COLOR_BLACK;
    int red = (color - 16) / 36, green = (color - 16) / 6 % 6, blue = (color - 16) % 6;
    return (red > 2 ? 1 : 0) | (green > 2 ? 2 : 0) | (blue > 2 ? 4 : 0);
}

unsigned long theme_color(int foreground, int background) {
    attr_t bright = foreground >= 8 && foreground < 16 ? A_BOLD : 0;
    int pair = PAIR_FREE + basic(foreground) * 9 + basic(background);
    if (!colors || pair >= COLOR_PAIRS || (foreground < 0 && background < 0))
        return bright;
    return COLOR_PAIR(pair) | bright;
}

const char *theme_glyph(enum glyph glyph) {
    static const char *const fine[GLYPHS] = {
        [GLYPH_RUNNING] = "●", [GLYPH_STOPPED] = "○", [GLYPH_CHANGING] = "◐", [GLYPH_FROZEN] = "◌",
        [GLYPH_CURSOR] = "▸",  [GLYPH_MARK] = "✓",    [GLYPH_YES] = "✓",      [GLYPH_NO] = "✗",
        [GLYPH_WARNING] = "!", [GLYPH_LINE] = "─",    [GLYPH_ARROW] = "▶",    [GLYPH_ELLIPSIS] = "…",
        [GLYPH_DOT] = "·",     [GLYPH_QUIET] = "◦",   [GLYPH_PROMPT] = "$",   [GLYPH_WAITING] = "?",
        [GLYPH_MUTED] = "⌀"};
    static const char *const plain[GLYPHS] = {
        [GLYPH_RUNNING] = "*", [GLYPH_STOPPED] = "o", [GLYPH_CHANGING] = "~", [GLYPH_FROZEN] = "z",
        [GLYPH_CURSOR] = ">",  [GLYPH_MARK] = "+",    [GLYPH_YES] = "+",      [GLYPH_NO] = "x",
        [GLYPH_WARNING] = "!", [GLYPH_LINE] = "-",    [GLYPH_ARROW] = ">",    [GLYPH_ELLIPSIS] = "~",
        [GLYPH_DOT] = ".",     [GLYPH_QUIET] = "-",   [GLYPH_PROMPT] = "$",   [GLYPH_WAITING] = "?",
        [GLYPH_MUTED] = "#"};
    return utf8 ? fine[glyph] : plain[glyph];
}
