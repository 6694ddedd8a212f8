#include "ui/state/log.h"

#include <string.h>
#include <time.h>

/* A longer line is broken: nobody reads it as one. */
#define LINE_LIMIT 4096

static void put(struct log *log, enum log_kind kind, char *take_text) {
    size_t at = (log->first + log->count) % LOG_LINES;
    if (log->count == LOG_LINES) {
        free(log->lines[at].text);
        log->first = (log->first + 1) % LOG_LINES;
    } else {
        log->count++;
    }
    struct log_line *line = &log->lines[at];
    *line = (struct log_line){.kind = kind, .text = take_text};
    time_t now = time(NULL);
    struct tm tm;
    if (kind != LOG_OUTPUT)
        strftime(line->time, sizeof line->time, "%H:%M:%S", localtime_r(&now, &tm));
    log->unread += kind == LOG_ERROR;
}

void log_add(struct log *log, enum log_kind kind, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put(log, kind, str_vprintf(format, arguments));
    va_end(arguments);
}

void log_error(struct log *log, const struct error *err) {
    log_add(log, LOG_ERROR, "%s", err->message);
    for (size_t i = 0; i < err->hints.count; i++)
        log_add(log, LOG_NOTE, "hint: %s", err->hints.items[i]);
}

void log_output(struct log *log, const void *bytes, size_t size) {
    buffer_add(&log->partial, bytes, size);
    for (;;) {
        const char *newline = log->partial.size ? memchr(log->partial.data, '\n', log->partial.size) : NULL;
        size_t length = newline ? (size_t)(newline - log->partial.data) : log->partial.size;
        if (!newline && length < LINE_LIMIT)
            return;
        length = length > LINE_LIMIT ? LINE_LIMIT : length;
        put(log, LOG_OUTPUT, str_copy_n(log->partial.data, length));
        buffer_drop(&log->partial, length + (newline && log->partial.data[length] == '\n'));
    }
}

void log_output_end(struct log *log) {
    if (log->partial.size)
        put(log, LOG_OUTPUT, str_copy_n(log->partial.data, log->partial.size));
    buffer_done(&log->partial);
}

const struct log_line *log_line(const struct log *log, size_t index) {
    return &log->lines[(log->first + index) % LOG_LINES];
}

void log_done(struct log *log) {
    for (size_t i = 0; i < log->count; i++)
        free(log->lines[(log->first + i) % LOG_LINES].text);
    buffer_done(&log->partial);
}
