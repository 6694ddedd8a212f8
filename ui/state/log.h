/* What has happened: errors, what was done, what a command wrote. Kept until berth ends. No curses. */
#pragma once

#include "base/error.h"

#define LOG_LINES 2000

enum log_kind { LOG_NOTE, LOG_GOOD, LOG_ERROR, LOG_OUTPUT };

struct log_line {
    enum log_kind kind;
    char *text;
    char time[12]; /* of the day; "" for output */
};

struct log {
    struct log_line lines[LOG_LINES]; /* a ring */
    size_t first, count;
    struct buffer partial; /* output without its newline yet */
    size_t unread;         /* errors that were not looked at */
};

void log_add(struct log *log, enum log_kind kind, const char *format, ...) printf_like(3, 4);
/* The message and its hints. */
void log_error(struct log *log, const struct error *err);
/* Bytes that a command wrote: split into lines. */
void log_output(struct log *log, const void *bytes, size_t size);
/* What came without a newline behind it is a line too. */
void log_output_end(struct log *log);
const struct log_line *log_line(const struct log *log, size_t index);
void log_done(struct log *log);
