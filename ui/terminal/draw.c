#include "ui/terminal/draw.h"

#include "base/path.h"

#include <curses.h>
#include <string.h>
#include <wchar.h>

/* The next character of clean text and the columns that it takes. */
static wchar_t next_character(const char **text, int *columns) {
    const unsigned char *at = (const unsigned char *)*text;
    size_t length = str_utf8_length(at);
    unsigned int value = at[0];
    if (length > 1) {
        value &= 0x7fu >> length;
        for (size_t i = 1; i < length; i++)
            value = value << 6 | (at[i] & 0x3fu);
    }
    *text += length ? length : 1;
    wchar_t character = (wchar_t)value;
    *columns = wcwidth(character);
    if (length > 1 && !theme_is_utf8())
        *columns = -1;
    if (*columns >= 0)
        return character;
    *columns = 1;
    return L'?';
}

int draw_width(const char *text) {
    _cleanup_free_ char *clean = str_shown(text);
    int width = 0, columns;
    for (const char *at = clean; *at; width += columns)
        (void)next_character(&at, &columns);
    return width;
}

int draw_attributes(struct area area, int row, int column, unsigned long attributes, const char *text) {
    _cleanup_free_ char *clean = str_shown(text);
    if (row < 0 || row >= area.rows || column < 0)
        return column;
    attrset((int)attributes);
    move(area.row + row, area.column + column);
    for (const char *at = clean; *at;) {
        int columns;
        wchar_t character = next_character(&at, &columns);
        if (column + columns > area.columns)
            break;
        addnwstr(&character, 1);
        column += columns;
    }
    attrset(A_NORMAL);
    return column;
}

int draw_text(struct area area, int row, int column, enum style style, const char *text) {
    return draw_attributes(area, row, column, theme_attributes(style), text);
}

int draw_format(struct area area, int row, int column, enum style style, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *text = str_vprintf(format, arguments);
    va_end(arguments);
    return draw_text(area, row, column, style, text);
}

/* The bytes of the longest beginning that fits. */
static size_t fitting(const char *text, int columns) {
    const char *at = text;
    while (*at) {
        const char *next = at;
        int width;
        (void)next_character(&next, &width);
        if (width > columns)
            break;
        columns -= width;
        at = next;
    }
    return (size_t)(at - text);
}

/* The bytes of what fits onto one line, at the most up to a blank; 0 where nothing does. */
static size_t first_line(const char *text, int columns) {
    size_t length = fitting(text, columns), cut = length;
    if (text[length])
        while (cut > 0 && text[cut] != ' ')
            cut--;
    return cut ? cut : length;
}

int draw_wrapped(struct area area, int row, int column, enum style style, const char *text) {
    _cleanup_free_ char *clean = str_shown(text);
    const char *rest = clean;
    for (size_t length; *rest && row < area.rows && (length = first_line(rest, area.columns - column));) {
        _cleanup_free_ char *line = str_copy_n(rest, length);
        draw_text(area, row++, column, style, line);
        rest += length;
        rest += *rest == ' ';
    }
    return row;
}

int draw_wrapped_rows(int columns, const char *text) {
    _cleanup_free_ char *clean = str_shown(text);
    const char *rest = clean;
    int rows = 0;
    for (size_t length; *rest && (length = first_line(rest, columns)); rows++) {
        rest += length;
        rest += *rest == ' ';
    }
    return rows;
}

char *draw_shorten(const char *text, int columns) {
    _cleanup_free_ char *clean = str_shown(text);
    if (draw_width(clean) <= columns)
        return str_copy(clean);
    if (columns < 1)
        return str_copy("");
    _cleanup_free_ char *begin = str_copy_n(clean, fitting(clean, columns - 1));
    return str_printf("%s%s", begin, theme_glyph(GLYPH_ELLIPSIS));
}

char *draw_shorten_left(const char *text, int columns) {
    _cleanup_free_ char *clean = str_shown(text);
    if (draw_width(clean) <= columns)
        return str_copy(clean);
    if (columns < 1)
        return str_copy("");
    const char *rest = clean;
    int width;
    while (*rest && draw_width(rest) > columns - 1)
        (void)next_character(&rest, &width);
    return str_printf("%s%s", theme_glyph(GLYPH_ELLIPSIS), rest);
}

void draw_clear(struct area area) {
    for (int row = 0; row < area.rows; row++)
        draw_bar(area, row, STYLE_PLAIN);
}

void draw_bar(struct area area, int row, enum style style) {
    if (row < 0 || row >= area.rows || area.columns < 1)
        return;
    attrset((int)theme_attributes(style));
    mvhline(area.row + row, area.column, ' ', area.columns);
    attrset(A_NORMAL);
}

static void corner(int row, int column, const char *fine) {
    _cleanup_free_ char *text = str_copy(theme_is_utf8() ? fine : "+");
    mvaddstr(row, column, text);
}

struct area draw_box(struct area area) {
    int right = area.column + area.columns - 1, bottom = area.row + area.rows - 1;
    const char *across = theme_glyph(GLYPH_LINE), *down = theme_is_utf8() ? "│" : "|";
    struct area inside = {area.row + 1, area.column + 1, area.rows - 2, area.columns - 2};
    if (area.rows < 2 || area.columns < 2)
        return (struct area){area.row, area.column, 0, 0};
    draw_clear(inside);
    attrset((int)theme_attributes(STYLE_BORDER));
    for (int column = area.column + 1; column < right; column++) {
        mvaddstr(area.row, column, across);
        mvaddstr(bottom, column, across);
    }
    for (int row = area.row + 1; row < bottom; row++) {
        mvaddstr(row, area.column, down);
        mvaddstr(row, right, down);
    }
    corner(area.row, area.column, "┌");
    corner(area.row, right, "┐");
    corner(bottom, area.column, "└");
    corner(bottom, right, "┘");
    attrset(A_NORMAL);
    return inside;
}

char *draw_path(const char *path) {
    const char *home = path_home();
    size_t length = strlen(home);
    if (length > 1 && path_is_under(path, home))
        return str_printf("~%s", path + length);
    return str_copy(path);
}
