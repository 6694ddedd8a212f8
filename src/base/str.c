#include "base/str.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static void *checked(void *memory) {
    if (!memory) {
        static const char message[] = "berth: out of memory\n";
        if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
            _exit(1);
        _exit(1);
    }
    return memory;
}

void *mem_new(size_t size) {
    return checked(calloc(1, size ? size : 1));
}

void *mem_grow(void *memory, size_t size) {
    return checked(realloc(memory, size ? size : 1));
}

char *str_copy(const char *text) {
    return text ? checked(strdup(text)) : NULL;
}

char *str_copy_n(const char *text, size_t length) {
    return checked(strndup(text, length));
}

char *str_vprintf(const char *format, va_list arguments) {
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    return checked(text);
}

char *str_printf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *text = str_vprintf(format, arguments);
    va_end(arguments);
    return text;
}

void str_set(char **slot, const char *text) {
    char *copy = str_copy(text);
    free(*slot);
    *slot = copy;
}

bool str_equal(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *text, const char *prefix) {
    return text && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_to_number(const char *text, unsigned long limit, unsigned long *number) {
    if (str_empty(text) || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    unsigned long value = strtoul(text, NULL, 10);
    if (errno || value > limit)
        return false;
    *number = value;
    return true;
}

/* The table of well-formed sequences is the Unicode standard's 3-7. */
size_t str_utf8_length(const unsigned char *text) {
    if (text[0] < 0x80)
        return 1;
    size_t length = text[0] >= 0xc2 && text[0] <= 0xdf   ? 2
                    : text[0] >= 0xe0 && text[0] <= 0xef ? 3
                    : text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
                                                         : 0;
    if (length == 0)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool bad = (text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
               (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f);
    return bad ? 0 : length;
}

bool str_is_utf8(const char *text) {
    for (size_t length; *text; text += length)
        if ((length = str_utf8_length((const unsigned char *)text)) == 0)
            return false;
    return true;
}

char *str_shown(const char *text) {
    struct buffer out = {0};
    buffer_text(&out, "");
    while (text && *text) {
        const unsigned char *at = (const unsigned char *)text;
        size_t length = str_utf8_length(at);
        bool control = at[0] < 0x20 || at[0] == 0x7f || (length == 2 && at[0] == 0xc2 && at[1] < 0xa0);
        buffer_add(&out, length == 0 || control ? "?" : text, length == 0 || control ? 1 : length);
        text += length ? length : 1;
    }
    return out.data;
}

void strings_add_all(struct strings *list, ...) {
    va_list items;
    va_start(items, list);
    for (const char *item; (item = va_arg(items, const char *));)
        strings_add(list, item);
    va_end(items);
}

void strings_take(struct strings *list, char *take_text) {
    list->items = mem_grow(list->items, (list->count + 2) * sizeof *list->items);
    list->items[list->count++] = take_text;
    list->items[list->count] = NULL;
}

void strings_add(struct strings *list, const char *text) {
    strings_take(list, str_copy(text));
}

void strings_printf(struct strings *list, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    strings_take(list, str_vprintf(format, arguments));
    va_end(arguments);
}

bool strings_has(const struct strings *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->items[i], text))
            return true;
    return false;
}

char *strings_join(const struct strings *list, const char *separator) {
    struct buffer out = {0};
    buffer_text(&out, "");
    for (size_t i = 0; i < list->count; i++) {
        buffer_text(&out, i ? separator : "");
        buffer_text(&out, list->items[i]);
    }
    return out.data;
}

void strings_done(struct strings *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strings){0};
}

void buffer_add(struct buffer *buffer, const void *data, size_t size) {
    if (buffer->size + size + 1 > buffer->room) {
        buffer->room = (buffer->size + size + 1) * 2;
        buffer->data = mem_grow(buffer->data, buffer->room);
    }
    if (size)
        memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = 0;
}

void buffer_text(struct buffer *buffer, const char *text) {
    buffer_add(buffer, text, strlen(text));
}

void buffer_printf(struct buffer *buffer, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *text = str_vprintf(format, arguments);
    va_end(arguments);
    buffer_text(buffer, text);
}

void buffer_drop(struct buffer *buffer, size_t size) {
    if (size == 0)
        return;
    memmove(buffer->data, buffer->data + size, buffer->size - size + 1);
    buffer->size -= size;
}

void buffer_drop_end(struct buffer *buffer, size_t size) {
    if (size >= buffer->size)
        return;
    buffer->size = size;
    buffer->data[size] = 0;
}

void buffer_done(struct buffer *buffer) {
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void words_split_unfinished(const char *text, struct strings *words) {
    char *word = mem_new(strlen(text) + 1);
    size_t length = 0;
    char quote = 0;
    bool any = false;
    for (; *text; text++) {
        if (quote ? *text == quote : *text == '"' || *text == '\'') {
            quote = quote ? 0 : *text;
            any = true;
        } else if (*text == ' ' && !quote) {
            if (any)
                strings_take(words, str_copy_n(word, length));
            length = 0;
            any = false;
        } else {
            word[length++] = *text;
            any = true;
        }
    }
    strings_take(words, str_copy_n(word, length));
    free(word);
}

void words_split(const char *text, struct strings *words) {
    words_split_unfinished(text, words);
    if (*words->items[words->count - 1])
        return;
    free(words->items[--words->count]);
    words->items[words->count] = NULL;
}

/* What a terminal would take for more than a character is written as its number: $'…', of POSIX since 2024.
 */
static char *quoted_bytes(const char *word) {
    struct buffer out = {0};
    buffer_text(&out, "$'");
    for (; *word; word++) {
        unsigned char byte = (unsigned char)*word;
        if (byte < ' ' || byte >= 0x7f)
            buffer_printf(&out, "\\x%02x", byte);
        else
            buffer_printf(&out, "%s%c", byte == '\'' || byte == '\\' ? "\\" : "", byte);
    }
    buffer_text(&out, "'");
    return out.data;
}

static bool is_fit_to_show(const char *word) {
    char *shown = str_shown(word);
    bool fit = str_equal(shown, word);
    free(shown);
    return fit;
}

char *str_quoted(const char *word) {
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=+,@%{}";
    if (*word && strspn(word, plain) == strlen(word))
        return str_copy(word);
    if (!is_fit_to_show(word))
        return quoted_bytes(word);
    struct buffer out = {0};
    buffer_text(&out, "'");
    for (; *word; word++)
        buffer_add(&out, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    buffer_text(&out, "'");
    return out.data;
}
