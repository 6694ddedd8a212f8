#include "watch/scan.h"

#include "base/str.h"

#include <string.h>

#define BEL    '\a'
#define ESC    '\033'
#define CANCEL '\030'
#define SUB    '\032'

static const char wrapping[] = "tmux;";

/* What stands behind the next `separator`; NULL: it is not there. */
static const char *behind(const char *text, char separator) {
    const char *found = strchr(text, separator);
    return found ? found + 1 : NULL;
}

/* "99;i=1:d=0;words". Words in base64 are not read: that there is something is told all the same. */
static void take_kitty(const char *text, const struct scan_handler *handler, void *data) {
    const char *words = behind(text, ';');
    if (!words)
        return;
    _cleanup_free_ char *keys = str_copy_n(text, (size_t)(words - 1 - text));
    bool asks = strstr(keys, "p=?") || strstr(keys, "p=close") || strstr(keys, "p=alive");
    if (!asks && (*words || strstr(keys, "d=1")))
        handler->notification(data, strstr(keys, "e=1") ? "" : words);
}

static void take_osc(const char *text, const struct scan_handler *handler, void *data) {
    unsigned long status;
    if (str_starts(text, "9;") && !str_starts(text, "9;4;")) { /* that is ConEmu's progress */
        handler->notification(data, text + 2);
    } else if (str_starts(text, "99;")) {
        take_kitty(text + 3, handler, data);
    } else if (str_starts(text, "777;notify;")) {
        _cleanup_free_ char *words = str_copy(text + strlen("777;notify;"));
        char *body = strchr(words, ';');
        _cleanup_free_ char *both = NULL;
        if (body) {
            *body++ = 0;
            both = str_printf("%s%s%s", words, *words && *body ? ": " : "", body);
        }
        handler->notification(data, both ? both : words);
    } else if (str_equal(text, "133;D")) {
        handler->prompt(data, -1);
    } else if (str_starts(text, "133;D;")) {
        _cleanup_free_ char *digits = str_copy_n(text + 6, strspn(text + 6, "0123456789"));
        handler->prompt(data, str_to_number(digits, 255, &status) ? (int)status : -1);
    }
}

static void keep(struct scan *scan, char byte) {
    if (scan->length < SCAN_TEXT_MAX)
        scan->text[scan->length++] = byte;
}

static void end_osc(struct scan *scan, const struct scan_handler *handler, void *data) {
    scan->text[scan->length] = 0;
    scan->at = SCAN_TEXT;
    take_osc(scan->text, handler, data);
}

static void begin(struct scan *scan, char byte) {
    scan->length = 0;
    scan->at = byte == ']'                                                ? SCAN_OSC
               : byte == 'P' || byte == 'X' || byte == '^' || byte == '_' ? SCAN_STRING
               : byte == ESC                                              ? SCAN_ESCAPE
                                                                          : SCAN_TEXT;
}

static void take_byte(struct scan *scan, char byte, const struct scan_handler *handler, void *data) {
    switch (scan->at) {
    case SCAN_TEXT:
        if (byte == ESC)
            scan->at = SCAN_ESCAPE;
        else if (byte == BEL)
            handler->bell(data);
        break;
    case SCAN_ESCAPE:
        begin(scan, byte);
        break;
    case SCAN_OSC:
        if (byte == BEL)
            end_osc(scan, handler, data);
        else if (byte == ESC)
            scan->at = SCAN_OSC_ESCAPE;
        else if (byte == CANCEL || byte == SUB)
            scan->at = SCAN_TEXT;
        else
            keep(scan, byte);
        break;
    case SCAN_OSC_ESCAPE:
        if (byte == '\\')
            end_osc(scan, handler, data);
        else
            begin(scan, byte);
        break;
    case SCAN_STRING:
        keep(scan, byte);
        if (scan->length == strlen(wrapping) && memcmp(scan->text, wrapping, strlen(wrapping)) == 0 &&
            !scan->wrapped) {
            scan->wrapped = true;
            scan->at = SCAN_TEXT;
        } else if (byte == ESC) {
            scan->at = SCAN_STRING_ESCAPE;
        } else if (byte == CANCEL || byte == SUB) {
            scan->at = SCAN_TEXT;
        }
        break;
    case SCAN_STRING_ESCAPE:
        if (byte == '\\')
            scan->at = SCAN_TEXT;
        else
            begin(scan, byte);
        break;
    }
}

void scan_feed(struct scan *scan, const char *bytes, size_t size, const struct scan_handler *handler,
               void *data) {
    for (size_t i = 0; i < size; i++) {
        char byte = bytes[i];
        if (!scan->wrapped) {
            take_byte(scan, byte, handler, data);
        } else if (!scan->wrapped_escape && byte == ESC) {
            scan->wrapped_escape = true;
        } else if (scan->wrapped_escape && byte != ESC) { /* alone: the end of what is wrapped */
            scan->wrapped = scan->wrapped_escape = false;
            scan->at = SCAN_TEXT;
        } else {
            scan->wrapped_escape = false; /* doubled: one */
            take_byte(scan, byte, handler, data);
        }
    }
}
