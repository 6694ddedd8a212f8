#include "ui/terminal/emulator.h"

#include <curses.h>
#include <string.h>
#include <vterm.h>

/* Of what a container says of its terminal's size, and of its text. */
#define ROWS_MAX    4000
#define COLUMNS_MAX 1000
#define TEXT_MAX    (2u << 20)

/* Around what is shown, for a wide character that begins in the last column: libvterm 0.1.4 puts it into
 * the next row, and, where there is none, or it is wider than the whole screen, writes through a null
 * pointer. */
#define SPARE 2

#define ESC       '\033'
#define BEL       '\a'
#define SHIFT_OUT '\016'
#define SHIFT_IN  '\017'

struct emulator {
    VTerm *vterm;
    VTermScreen *screen;
    int rows, columns;
};

struct emulator *emulator_new(void) {
    struct emulator *emulator = mem_new(sizeof *emulator);
    *emulator = (struct emulator){.rows = 1, .columns = 1};
    emulator->vterm = vterm_new(1 + SPARE, 1 + SPARE);
    vterm_set_utf8(emulator->vterm, 1);
    emulator->screen = vterm_obtain_screen(emulator->vterm);
    vterm_screen_reset(emulator->screen, 1);
    return emulator;
}

void emulator_free(struct emulator *emulator) {
    if (!emulator)
        return;
    vterm_free(emulator->vterm);
    free(emulator);
}

static int within(int value, int most) {
    return value < 1 ? 1 : value > most ? most : value;
}

/* The bytes of the SGR sequence at `text`, which begins with ESC; 0: it is none (ECMA-48, 8.3.117). */
static size_t sgr_length(const char *text, size_t size) {
    size_t at = 2;
    if (size < 3 || text[1] != '[')
        return 0;
    while (at < size && (strchr("0123456789;:", text[at]) && text[at]))
        at++;
    return at < size && text[at] == 'm' ? at + 1 : 0;
}

/* What to pass over of another sequence: of a string all of it (a hyperlink is one), else its ESC. */
static size_t other_length(const char *text, size_t size) {
    if (size < 2 || !strchr("]P_^X", text[1]) || !text[1])
        return 1;
    for (size_t at = 2; at < size; at++) {
        if (text[at] == BEL)
            return at + 1;
        if (text[at] == ESC && at + 1 < size && text[at + 1] == '\\')
            return at + 2;
    }
    return size;
}

static bool is_passed_on(char byte) {
    return byte == ESC || byte == SHIFT_OUT || byte == SHIFT_IN;
}

/*
 * A line as capture-pane writes it: characters, SGR, and the switch to line drawing and back. Nothing else
 * gets to libvterm, whose strings (0.1.4) may be read past their ends when they go over several writes.
 */
static void add_clean(struct buffer *out, const char *text, size_t size) {
    while (size > 0) {
        size_t length = 0;
        while (length < size && !is_passed_on(text[length]))
            length++;
        if (length) {
            _cleanup_free_ char *run = str_copy_n(text, length), *shown = str_shown(run);
            buffer_text(out, shown);
        } else if (*text == ESC) {
            length = sgr_length(text, size);
            buffer_add(out, text, length);
            length = length ? length : other_length(text, size);
        } else {
            buffer_add(out, text, length = 1);
        }
        text += length;
        size -= length;
    }
}

/* A whole row of cells needs no newline behind it, so each is placed. */
static void write_lines(VTerm *vterm, const char *text, size_t size, int rows) {
    const char *end = text + size;
    _cleanup_(buffer_done) struct buffer out = {0};
    buffer_text(&out, "\033[?7l\033)0"); /* nothing wraps; SHIFT_OUT switches to DEC's line drawing */
    for (int row = 0; row < rows && text < end; row++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        size_t length = newline ? (size_t)(newline - text) : (size_t)(end - text);
        buffer_printf(&out, "\033[%d;1H", row + 1);
        add_clean(&out, text, length);
        text += length + 1;
    }
    vterm_input_write(vterm, out.data, out.size);
}

void emulator_show(struct emulator *emulator, const char *text, int rows, int columns) {
    size_t size = strlen(text);
    rows = within(rows, ROWS_MAX);
    columns = within(columns, COLUMNS_MAX);
    if (rows != emulator->rows || columns != emulator->columns)
        vterm_set_size(emulator->vterm, rows + SPARE, columns + SPARE);
    emulator->rows = rows;
    emulator->columns = columns;
    vterm_screen_reset(emulator->screen, 1);
    write_lines(emulator->vterm, text, size < TEXT_MAX ? size : TEXT_MAX, rows);
    vterm_screen_flush_damage(emulator->screen);
}

static bool get_cell(const struct emulator *emulator, int row, int column, VTermScreenCell *cell) {
    return vterm_screen_get_cell(emulator->screen, (VTermPos){row, column}, cell) != 0;
}

static bool is_default(const VTermColor *color) {
    return VTERM_COLOR_IS_DEFAULT_FG(color) || VTERM_COLOR_IS_DEFAULT_BG(color);
}

int emulator_used(const struct emulator *emulator) {
    VTermScreenCell cell;
    for (int row = emulator->rows; row-- > 0;)
        for (int column = 0; column < emulator->columns; column++)
            if (get_cell(emulator, row, column, &cell) &&
                ((cell.chars[0] && cell.chars[0] != ' ') || !is_default(&cell.bg)))
                return row + 1;
    return 0;
}

/* One of 256 (the cube from 16 on), -1 for the terminal's own. */
static int color_of(const VTermColor *color) {
    if (is_default(color))
        return -1;
    if (VTERM_COLOR_IS_INDEXED(color))
        return color->indexed.idx;
    int red = color->rgb.red * 5 / 255, green = color->rgb.green * 5 / 255,
        blue = color->rgb.blue * 5 / 255;
    return 16 + 36 * red + 6 * green + blue;
}

static unsigned long look_of(const VTermScreenCell *cell) {
    attr_t look = 0;
    look |= cell->attrs.bold ? A_BOLD : 0;
    look |= cell->attrs.underline ? A_UNDERLINE : 0;
    look |= cell->attrs.italic ? A_ITALIC : 0;
    look |= cell->attrs.reverse ? A_REVERSE : 0;
    return look | theme_color(color_of(&cell->fg), color_of(&cell->bg));
}

/* The cell's characters in UTF-8. */
static void put_characters(const VTermScreenCell *cell, struct buffer *out) {
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell->chars[i]; i++) {
        unsigned int c = cell->chars[i];
        if (c == (uint32_t)-1)
            return; /* the right half of a wide one */
        if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
            c = '?'; /* libvterm takes what is no character of Unicode's */
        unsigned char bytes[4] = {(unsigned char)c};
        size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t at = size; size > 1 && at-- > 0; c >>= 6)
            bytes[at] = (unsigned char)(at ? 0x80 | (c & 0x3f) : (0xf00u >> size & 0xff) | c);
        buffer_add(out, bytes, size);
    }
    if (!cell->chars[0])
        buffer_text(out, " ");
}

/* Cells of one look are drawn together. */
static void draw_row(const struct emulator *emulator, struct area area, int at, int row,
                     int cursor_column) {
    _cleanup_(buffer_done) struct buffer run = {0};
    unsigned long look = 0;
    int begin = 0;
    bool after_alone = false;
    for (int column = 0; column < emulator->columns && column < area.columns;) {
        VTermScreenCell cell;
        if (!get_cell(emulator, row, column, &cell))
            break;
        unsigned long own = look_of(&cell) ^ (column == cursor_column ? A_REVERSE : 0);
        /* curses and libvterm may not agree how wide a character beyond ASCII is: each has its place */
        bool alone = cell.chars[0] > 0x7e || after_alone;
        after_alone = cell.chars[0] > 0x7e;
        if ((own != look || alone) && run.size) {
            draw_attributes(area, at, begin, look, run.data);
            buffer_drop_end(&run, 0);
        }
        if (!run.size) {
            begin = column;
            look = own;
        }
        put_characters(&cell, &run);
        column += cell.width > 1 ? cell.width : 1;
    }
    if (run.size)
        draw_attributes(area, at, begin, look, run.data);
}

void emulator_draw(const struct emulator *emulator, struct area area, int from, int cursor_row,
                   int cursor_column) {
    for (int at = 0; at < area.rows && from + at < emulator->rows; at++)
        draw_row(emulator, area, at, from + at, from + at == cursor_row ? cursor_column : -1);
}

char *emulator_text(const struct emulator *emulator, int row) {
    _cleanup_(buffer_done) struct buffer text = {0};
    for (int column = 0; column < emulator->columns;) {
        VTermScreenCell cell;
        if (!get_cell(emulator, row, column, &cell))
            break;
        put_characters(&cell, &text);
        column += cell.width > 1 ? cell.width : 1;
    }
    while (text.size && text.data[text.size - 1] == ' ')
        buffer_drop_end(&text, text.size - 1);
    return str_copy(text.data ? text.data : "");
}
