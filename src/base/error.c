#include "base/error.h"

#include <string.h>

static bool set(struct error *err, enum error_class class, int code, char *take_message) {
    error_done(err);
    err->class = class;
    err->code = code;
    err->message = take_message;
    return false;
}

bool error_set(struct error *err, enum error_class class, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *message = str_vprintf(format, arguments);
    va_end(arguments);
    return set(err, class, 0, message);
}

bool error_errno(struct error *err, int number, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *words = str_vprintf(format, arguments);
    va_end(arguments);
    return set(err, ERROR_FAILED, number, str_printf("%s: %s", words, strerror(number)));
}

void error_hint(struct error *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    strings_take(&err->hints, str_vprintf(format, arguments));
    va_end(arguments);
}

void error_also(struct error *err, const struct error *second) {
    error_hint(err, "%s", second->message);
    for (size_t i = 0; i < second->hints.count; i++)
        error_hint(err, "%s", second->hints.items[i]);
}

void error_prefix(struct error *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *words = str_vprintf(format, arguments);
    va_end(arguments);
    char *message = str_printf("%s: %s", words, err->message ? err->message : "");
    free(err->message);
    err->message = message;
}

void error_move(struct error *to, struct error *from) {
    error_done(to);
    *to = *from;
    *from = (struct error){0};
}

void error_done(struct error *err) {
    free(err->message);
    strings_done(&err->hints);
    *err = (struct error){0};
}

int error_status(const struct error *err) {
    switch (err->class) {
    case ERROR_NONE:
        return 0;
    case ERROR_FAILED:
        return 1;
    case ERROR_USAGE:
        return 2;
    case ERROR_DAEMON:
        return 3;
    case ERROR_REFUSED:
        return 4;
    case ERROR_CANCELLED:
        return 128 + err->code;
    }
    return 1;
}

const char *error_class_name(enum error_class class) {
    static const char *const names[] = {
        [ERROR_NONE] = "none",     [ERROR_FAILED] = "failed",   [ERROR_USAGE] = "usage",
        [ERROR_DAEMON] = "daemon", [ERROR_REFUSED] = "refused", [ERROR_CANCELLED] = "cancelled",
    };
    return names[class];
}
