#include "config/ini.h"

#include <string.h>

/* inih's reader: the next line of the content. */
static char *next_line(char *room, int size, void *data) {
    struct ini_text *text = data;
    if (!*text->rest || text->err->class)
        return NULL;
    size_t length = strcspn(text->rest, "\n");
    size_t whole = length + (text->rest[length] == '\n');
    text->line++;
    if (whole >= (size_t)size) {
        error_set(text->err, ERROR_USAGE, "%s:%d: a line longer than %d characters", text->file, text->line,
                  size - 2);
        return NULL;
    }
    memcpy(room, text->rest, whole);
    room[whole] = 0;
    text->rest += whole;
    return !text->check || text->check(text, room) ? room : NULL;
}

bool ini_text_parse(struct ini_text *text, ini_handler handler, void *data) {
    struct error *err = text->err;
    int bad_line = ini_parse_stream(next_line, text, handler, data);
    /* inih goes on behind a line that it cannot read: the first mistake is the one to name */
    if (bad_line != 0 && (err->class == ERROR_NONE || bad_line < text->line)) {
        error_done(err);
        return error_set(err, ERROR_USAGE, "%s:%d: neither [section] nor key = value", text->file,
                         bad_line);
    }
    return err->class == ERROR_NONE;
}
