#include "guard/gitconfig.h"

#include <ctype.h>
#include <string.h>

struct reading {
    const char *at, *end;
    gitconfig_fn *each;
    void *data;
    char *section, *subsection;
};

static bool more(const struct reading *reading) {
    return reading->at < reading->end;
}

static void skip(struct reading *reading, const char *what) {
    while (more(reading) && *reading->at && strchr(what, *reading->at))
        reading->at++;
}

static void skip_line(struct reading *reading) {
    while (more(reading) && *reading->at != '\n')
        reading->at++;
}

/* A run of name characters, in lower case; NULL if there is none. Caller owns. */
static char *name(struct reading *reading, const char *extra) {
    const char *begin = reading->at;
    while (more(reading) &&
           (isalnum((unsigned char)*reading->at) || (*reading->at && strchr(extra, *reading->at))))
        reading->at++;
    if (reading->at == begin)
        return NULL;
    char *text = str_copy_n(begin, (size_t)(reading->at - begin));
    for (char *letter = text; *letter; letter++)
        *letter = (char)tolower((unsigned char)*letter);
    return text;
}

/* A subsection in quotes: a backslash stands before any character. */
static bool quoted(struct reading *reading, struct buffer *text) {
    for (reading->at++; more(reading) && *reading->at != '"' && *reading->at != '\n'; reading->at++) {
        if (*reading->at == '\\' && ++reading->at == reading->end)
            return false;
        buffer_add(text, reading->at, 1);
    }
    return more(reading) && *reading->at++ == '"';
}

/* "[section]", "[section "subsection"]", and "[section.subsection]" of old. */
static bool read_header(struct reading *reading) {
    _cleanup_(buffer_done) struct buffer text = {0};
    reading->at++;
    free(reading->section);
    str_set(&reading->subsection, NULL);
    reading->section = name(reading, "-.");
    skip(reading, " \t");
    if (!reading->section || !more(reading))
        return false;
    if (*reading->at == '"') {
        if (!quoted(reading, &text))
            return false;
        str_set(&reading->subsection, text.data ? text.data : "");
        skip(reading, " \t");
    }
    return more(reading) && *reading->at++ == ']';
}

static bool escape(char sign, struct buffer *value) {
    static const char signs[] = "nbt\"\\", meaning[] = "\n\b\t\"\\";
    const char *found = sign ? strchr(signs, sign) : NULL;
    if (found)
        buffer_add(value, &meaning[found - signs], 1);
    return found || sign == '\n'; /* the value goes on in the next line */
}

/* To the end of the line; what is not in quotes ends before a comment, without blanks behind. */
static bool read_value(struct reading *reading, struct buffer *value) {
    bool in_quotes = false;
    size_t kept = 0;
    for (; more(reading) && *reading->at != '\n'; reading->at++) {
        char sign = *reading->at;
        if (sign == '\r' && reading->at + 1 < reading->end && reading->at[1] == '\n')
            continue;
        if (!in_quotes && (sign == '#' || sign == ';')) {
            skip_line(reading);
            break;
        }
        if (sign == '"') {
            in_quotes = !in_quotes;
        } else if (sign == '\\') {
            if (++reading->at == reading->end || !escape(*reading->at, value))
                return false;
        } else {
            buffer_add(value, &sign, 1);
        }
        if (in_quotes || (sign != ' ' && sign != '\t'))
            kept = value->size;
    }
    buffer_text(value, "");
    buffer_drop_end(value, kept);
    return !in_quotes;
}

static bool read_variable(struct reading *reading) {
    _cleanup_free_ char *variable = name(reading, "-");
    _cleanup_(buffer_done) struct buffer value = {0};
    if (!variable || !reading->section)
        return false;
    skip(reading, " \t\r");
    if (more(reading) && *reading->at == '=') {
        reading->at++;
        skip(reading, " \t");
        if (!read_value(reading, &value))
            return false;
    } else {
        buffer_text(&value, "true");
        if (more(reading) && !strchr("\n#;", *reading->at))
            return false;
    }
    reading->each(reading->data, reading->section, reading->subsection, variable, value.data);
    return true;
}

bool gitconfig_read(const char *text, size_t size, gitconfig_fn *each, void *data) {
    struct reading reading = {.at = text, .end = text + size, .each = each, .data = data};
    bool good = true;
    if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        reading.at += 3;
    while (good) {
        skip(&reading, " \t\r\n");
        if (!more(&reading))
            break;
        if (*reading.at == '#' || *reading.at == ';')
            skip_line(&reading);
        else
            good = *reading.at == '[' ? read_header(&reading) : read_variable(&reading);
    }
    free(reading.section);
    free(reading.subsection);
    return good;
}
