#include "config/value.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

static bool is_one_of(const char *value, const char *const *words, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

bool value_bool(const char *value) {
    static const char *const words[] = {"true", "yes", "on", "1"};
    return is_one_of(value, words, array_length(words));
}

static bool is_bool(const char *value) {
    static const char *const no[] = {"false", "no", "off", "0"};
    return value_bool(value) || is_one_of(value, no, array_length(no));
}

/* Digits that are not all zero, and one of the units. */
static bool is_amount(const char *value, const char *const *units, size_t count) {
    size_t digits = strspn(value, "0123456789");
    return digits > 0 && digits < 16 && strspn(value, "0") < digits &&
           is_one_of(value + digits, units, count);
}

static bool is_size(const char *value) {
    static const char *const units[] = {"",   "B",   "kB",  "MB",  "GB",  "TB", "PB",
                                        "EB", "KiB", "MiB", "GiB", "TiB", "%"};
    return is_amount(value, units, array_length(units));
}

static bool is_rate(const char *value) {
    static const char *const units[] = {"iops"};
    return (is_size(value) && !strchr(value, '%')) || is_amount(value, units, array_length(units));
}

/* "4", "0-3", "1,3,5-7": Incus' limits.cpu. */
static bool is_cpu(const char *value) {
    for (const char *at = value; *at;) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 0 || digits > 5)
            return false;
        at += digits;
        if (*at == 0)
            return strcmp(value, "0") != 0;
        if (*at != ',' && *at != '-')
            return false;
        at++;
    }
    return false;
}

static bool is_text(const char *value) {
    for (const char *at = value; *at; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            return false;
    return *value && str_is_utf8(value);
}

static bool is_before(const char *value) {
    _cleanup_(strings_done) struct strings words = {0};
    _cleanup_free_ char *text = str_copy(value);
    for (char *at = text; *at; at++)
        *at = *at == ',' ? ' ' : *at;
    words_split(text, &words);
    for (size_t i = 0; i < words.count; i++)
        if (!is_one_of(words.items[i], (const char *const[]){"restore", "resume"}, 2))
            return words.count == 1 && is_one_of(value, (const char *const[]){"off"}, 1);
    return words.count > 0;
}

static bool is_in_home(const char *value) {
    if (!is_text(value) || !str_starts(value, "~/") || !value[2])
        return false;
    for (const char *at = value + 2; *at;) {
        size_t length = strcspn(at, "/");
        if (length == 0 || (length == 1 && *at == '.') || (length == 2 && str_starts(at, "..")))
            return false;
        at += length + (at[length] == '/' && at[length + 1]);
    }
    return value[strlen(value) - 1] != '/';
}

static bool is_value(enum setting_kind kind, const char *value) {
    unsigned long number;
    switch (kind) {
    case KIND_TEXT:
        return is_text(value);
    case KIND_BOOL:
        return is_bool(value);
    case KIND_ID:
        return str_to_number(value, UINT32_MAX - 1, &number);
    case KIND_COUNT:
        return str_to_number(value, UINT32_MAX, &number) && number > 0;
    case KIND_FEW:
        return str_to_number(value, 32, &number);
    case KIND_SECONDS:
        return str_to_number(value, 86400, &number);
    case KIND_CPU:
        return is_cpu(value);
    case KIND_SIZE:
        return is_size(value);
    case KIND_RATE:
        return is_rate(value);
    case KIND_THEME:
        return is_one_of(value, (const char *const[]){"auto", "dark", "light", "mono"}, 4);
    case KIND_WALL:
        return is_one_of(value, (const char *const[]){"auto", "off"}, 2);
    case KIND_NETWORK:
        return is_one_of(value, (const char *const[]){"restricted", "allowlist", "open", "none"}, 4);
    case KIND_ROOT:
        return is_one_of(value, (const char *const[]){"allow", "deny", "apparmor"}, 3);
    case KIND_CHANGED:
        return is_one_of(value, (const char *const[]){"ask", "warn"}, 2);
    case KIND_BEFORE:
        return is_before(value);
    case KIND_HOME:
        return is_in_home(value);
    case KIND_PROGRAM:
        return is_text(value) && value[0] == '/';
    }
    return false;
}

bool value_check(enum setting_kind kind, const char *value, struct error *err) {
    static const char *const wanted[] = {
        [KIND_TEXT] = "a text without control characters",
        [KIND_BOOL] = "true or false",
        [KIND_ID] = "a user or group id (0 to 4294967294)",
        [KIND_COUNT] = "a number above 0",
        [KIND_FEW] = "a number from 0 to 32",
        [KIND_SECONDS] = "a number of seconds from 0 to 86400",
        [KIND_CPU] = "a number of CPUs, or CPUs such as 0-3,5",
        [KIND_SIZE] = "a size such as 512MiB, 2GB or 50%",
        [KIND_RATE] = "a rate per second such as 20MiB or 500iops",
        [KIND_WALL] = "auto or off",
        [KIND_NETWORK] = "restricted, allowlist, open or none",
        [KIND_ROOT] = "allow, deny or apparmor",
        [KIND_CHANGED] = "ask or warn",
        [KIND_BEFORE] = "restore, resume, both, or off",
        [KIND_HOME] = "a path below the home inside, such as ~/.claude",
        [KIND_THEME] = "auto, dark, light or mono",
        [KIND_PROGRAM] = "the absolute path of a program",
    };
    if (is_value(kind, value))
        return true;
    _cleanup_free_ char *shown = str_shown(value);
    return error_set(err, ERROR_USAGE, "\"%s\" is not %s", shown, wanted[kind]);
}
