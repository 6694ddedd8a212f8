#include "ui/terminal/field.h"

#include <string.h>

void field_set(struct field *field, const char *text) {
    buffer_done(&field->text);
    buffer_text(&field->text, text);
    field->at = field->text.size;
}

const char *field_text(const struct field *field) {
    return field->text.data ? field->text.data : "";
}

void field_done(struct field *field) {
    buffer_done(&field->text);
    field->at = 0;
}

static void insert(struct field *field, int code) {
    char bytes[5] = {0};
    unsigned int c = (unsigned int)code;
    size_t size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = size; i-- > 1; c >>= 6)
        bytes[i] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(first[size] | c);
    if (field->text.size + size > FIELD_LIMIT)
        return;
    _cleanup_free_ char *behind = str_copy(field_text(field) + field->at);
    buffer_drop_end(&field->text, field->at);
    buffer_add(&field->text, bytes, size);
    field->at += size;
    buffer_text(&field->text, behind);
}

/* The beginning of the character before, or behind, a place. */
static size_t before(const struct field *field, size_t at) {
    while (at > 0 && (field_text(field)[--at] & 0xc0) == 0x80)
        ;
    return at;
}

static size_t behind(const struct field *field, size_t at) {
    if (at < field->text.size)
        at++;
    while (at < field->text.size && (field_text(field)[at] & 0xc0) == 0x80)
        at++;
    return at;
}

static void cut(struct field *field, size_t from, size_t to) {
    _cleanup_free_ char *rest = str_copy(field_text(field) + to);
    buffer_drop_end(&field->text, from);
    buffer_text(&field->text, rest);
    field->at = from;
}

static size_t word_before(const struct field *field) {
    size_t at = field->at;
    const char *text = field_text(field);
    while (at > 0 && strchr(" /", text[at - 1]))
        at--;
    while (at > 0 && !strchr(" /", text[at - 1]))
        at--;
    return at;
}

bool field_key(struct field *field, const struct key *key) {
    switch (key->code) {
    case UI_LEFT:
        field->at = before(field, field->at);
        return true;
    case UI_RIGHT:
        field->at = behind(field, field->at);
        return true;
    case UI_HOME:
    case UI_CTRL('a'):
        field->at = 0;
        return true;
    case UI_END:
    case UI_CTRL('e'):
        field->at = field->text.size;
        return true;
    case UI_BACKSPACE:
        cut(field, before(field, field->at), field->at);
        return true;
    case UI_DELETE:
        cut(field, field->at, behind(field, field->at));
        field->at = field->at < field->text.size ? field->at : field->text.size;
        return true;
    case UI_CTRL('u'):
        cut(field, 0, field->at);
        return true;
    case UI_CTRL('k'):
        buffer_drop_end(&field->text, field->at);
        return true;
    case UI_CTRL('w'):
        cut(field, word_before(field), field->at);
        return true;
    default:
        break;
    }
    if (key->code < 0x20 || key->code >= SPECIAL_KEY || key->code == 0x7f)
        return key->pasted; /* a pasted newline is no Enter */
    insert(field, key->code);
    return true;
}

void field_draw(const struct field *field, struct area area, int row, int column, int columns,
                bool active) {
    struct area inside = {area.row, area.column + column, area.rows,
                          columns < area.columns - column ? columns : area.columns - column};
    const char *text = field_text(field);
    if (inside.columns < 2 || row >= inside.rows)
        return;
    /* the cursor stays in view: what is left of it gives way */
    _cleanup_free_ char *left = str_copy_n(text, field->at),
                        *seen = draw_shorten_left(left, inside.columns - 1);
    int at = draw_text(inside, row, 0, STYLE_FIELD, seen);
    if (active) {
        size_t next = behind(field, field->at);
        _cleanup_free_ char *under =
            next > field->at ? str_copy_n(text + field->at, next - field->at) : str_copy(" ");
        at = draw_text(inside, row, at, STYLE_SELECTED, under);
        at = draw_text(inside, row, at, STYLE_FIELD, text + next);
    } else {
        at = draw_text(inside, row, at, STYLE_FIELD, text + field->at);
    }
    while (at < inside.columns)
        at = draw_text(inside, row, at, STYLE_FIELD, " ");
}

void field_draw_line(const struct field *field, const char *sign, struct area area) {
    int row = area.rows - 1;
    draw_bar(area, row, STYLE_PLAIN);
    int column = draw_text(area, row, 1, STYLE_KEY, sign);
    field_draw(field, area, row, column, area.columns - column - 1, true);
}
