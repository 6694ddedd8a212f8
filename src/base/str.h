/*
 * Strings, lists of strings and growing buffers.
 *
 * Running out of memory ends the process with a message: no caller could do better, and every
 * caller would have to be tested for it.
 */
#pragma once

#include "base/cleanup.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* malloc, zeroed; never NULL. */
void *mem_new(size_t size) nodiscard;
/* realloc; never NULL. */
void *mem_grow(void *memory, size_t size) nodiscard;

/* A new string; the caller owns it. str_copy(NULL) is NULL. */
char *str_copy(const char *text) nodiscard;
char *str_copy_n(const char *text, size_t length) nodiscard;
char *str_printf(const char *format, ...) printf_like(1, 2) nodiscard;
char *str_vprintf(const char *format, va_list arguments) nodiscard;

/* Frees *slot and puts a copy of text there. */
void str_set(char **slot, const char *text);

bool str_equal(const char *a, const char *b); /* NULL equals NULL alone */
bool str_starts(const char *text, const char *prefix);
static inline bool str_empty(const char *text) { /* NULL or "" */
    return !text || !*text;
}

/* A whole decimal number from 0 to limit, nothing before or behind it; false otherwise. */
bool str_to_number(const char *text, unsigned long limit, unsigned long *number) nodiscard;

/*
 * Text from outside, safe to show on a terminal: control characters (newline, escape, C1) and bytes
 * that are no UTF-8 become "?". The caller owns the result.
 */
char *str_shown(const char *text) nodiscard;
/* `word` as a POSIX shell takes it back: in quotes where it needs them, and fit to be shown. Caller owns.
 */
char *str_quoted(const char *word) nodiscard;

/* Whether text is valid UTF-8 (RFC 3629). */
bool str_is_utf8(const char *text);

/*
 * The bytes of the UTF-8 sequence at `text` (which ends with NUL), 0 if there is none: no overlong
 * forms, no surrogates, nothing past U+10FFFF.
 */
size_t str_utf8_length(const unsigned char *text);

/* A list of strings that it owns; `items` ends with NULL, so that it serves as argv. */
struct strings {
    char **items;
    size_t count;
};
void strings_add(struct strings *list, const char *text);
void strings_take(struct strings *list, char *take_text);
/* All of them, up to NULL. */
void strings_add_all(struct strings *list, ...) __attribute__((sentinel));
void strings_printf(struct strings *list, const char *format, ...) printf_like(2, 3);
bool strings_has(const struct strings *list, const char *text);
/* The items with `separator` between them; the caller owns the result. */
char *strings_join(const struct strings *list, const char *separator) nodiscard;
void strings_done(struct strings *list);

/*
 * Adds the words of a line: separated by blanks, quotes of either kind hold one together. No shell's
 * other signs mean anything. The second one has the last word too when it is still empty.
 */
void words_split(const char *text, struct strings *words);
void words_split_unfinished(const char *text, struct strings *words);

/* Bytes that grow; `data` always has a NUL behind its `size` bytes (NULL while nothing was added). */
struct buffer {
    char *data;
    size_t size;
    size_t room;
};
void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_text(struct buffer *buffer, const char *text);
void buffer_printf(struct buffer *buffer, const char *format, ...) printf_like(2, 3);
/* Takes `size` bytes off the front. */
void buffer_drop(struct buffer *buffer, size_t size);
/* Keeps the first `size` bytes. */
void buffer_drop_end(struct buffer *buffer, size_t size);
void buffer_done(struct buffer *buffer);
