/*
 * Errors are values: a class, a sentence that says what failed and where, and hints that say what
 * to do. A function that can fail takes `struct error *` last and returns false (or NULL) with the
 * error filled in. Only cli/ and ui/ print one.
 */
#pragma once

#include "base/str.h"

enum error_class {
    ERROR_NONE,
    ERROR_FAILED,    /* it was tried and did not work */
    ERROR_USAGE,     /* the request itself is wrong */
    ERROR_DAEMON,    /* the daemon cannot be reached, or stopped answering */
    ERROR_REFUSED,   /* not done on purpose, before anything was created */
    ERROR_CANCELLED, /* the user or a signal ended it; `code` is the signal */
};

struct error {
    enum error_class class;
    int code; /* an HTTP status, an errno or a signal, where there is one */
    char *message;
    struct strings hints;
};

/* Fills `err`, which must be empty, and returns false: `return error_set(err, ...);` */
bool error_set(struct error *err, enum error_class class, const char *format, ...) printf_like(3, 4);
/* The same, with ": " and the words for `number` (errno) behind it, and number as the code. */
bool error_errno(struct error *err, int number, const char *format, ...) printf_like(3, 4);
/* Adds a line that says what to do. */
void error_hint(struct error *err, const char *format, ...) printf_like(2, 3);
/* Adds the message and the hints of a second error, which came of the first, as hints. */
void error_also(struct error *err, const struct error *second);
/* Puts words and ": " in front of the message. */
void error_prefix(struct error *err, const char *format, ...) printf_like(2, 3);
/* Moves `from` to `to`, which must be empty. */
void error_move(struct error *to, struct error *from);
void error_done(struct error *err);

/* berth's exit status for an error: see the table in the README. */
int error_status(const struct error *err);
/* "failed", "usage", … : the class as the JSON output names it. */
const char *error_class_name(enum error_class class);
