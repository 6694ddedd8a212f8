#include "base/json.h"

#include <string.h>

json_t *json_at(const json_t *value, const char *path) {
    json_t *at = (json_t *)value;
    while (at && *path) {
        size_t length = strcspn(path, ".");
        _cleanup_free_ char *key = str_copy_n(path, length);
        at = json_object_get(at, key);
        path += length + (path[length] == '.');
    }
    return at;
}

const char *json_str_at(const json_t *value, const char *path) {
    const char *text = json_string_value(json_at(value, path));
    return text ? text : "";
}

int64_t json_int_at(const json_t *value, const char *path) {
    return json_integer_value(json_at(value, path));
}

bool json_bool_at(const json_t *value, const char *path) {
    return json_is_true(json_at(value, path));
}

const char *json_get_str(const json_t *map, const char *key) {
    const char *text = json_string_value(json_object_get(map, key));
    return text ? text : "";
}

json_t *json_parse(const char *text, size_t size, const char *source, struct error *err) {
    json_error_t where;
    json_t *value = json_loadb(text ? text : "", size, JSON_REJECT_DUPLICATES, &where);
    if (!value) {
        _cleanup_free_ char *words = str_shown(where.text);
        error_set(err, ERROR_FAILED, "%s is not JSON: line %d, column %d: %s", source, where.line,
                  where.column, words);
    }
    return value;
}

/* Takes white space and one of `wanted` off the text; 0 if there is another character. */
static char next_mark(const char **text, const char *end, const char *wanted) {
    while (*text < end && (**text == ' ' || **text == '\t' || **text == '\r' || **text == '\n'))
        (*text)++;
    return *text < end && strchr(wanted, **text) ? *(*text)++ : '\0';
}

/* The members, from behind "[" on; *text is then behind the "]". */
static bool each_member(const char **text, const char *end, json_each_fn *each, void *data,
                        const char *source, struct error *err) {
    const char *begin = *text, *probe = *text;
    if (next_mark(&probe, end, "]")) {
        *text = probe;
        return true;
    }
    for (;;) {
        json_error_t where;
        _cleanup_json_ json_t *member = json_loadb(*text, (size_t)(end - *text),
                                                   JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &where);
        if (!member)
            return error_set(err, ERROR_FAILED, "%s is not JSON: byte %zu of its list: %s", source,
                             (size_t)(*text - begin) + (size_t)where.position, where.text);
        each(data, member);
        *text += where.position;
        char mark = next_mark(text, end, ",]");
        if (mark == ']')
            return true;
        if (mark == 0)
            return error_set(err, ERROR_FAILED, "%s is not JSON: its list does not end", source);
    }
}

bool json_each(const char *text, size_t size, const char *key, json_each_fn *each, void *data,
               json_t **rest, const char *source, struct error *err) {
    _cleanup_free_ char *opening = str_printf("\"%s\":[", key);
    const char *end = text + size, *found = memmem(text, size, opening, strlen(opening));
    const char *behind = found ? found + strlen(opening) : end;
    /* whether that is the key itself, and not the same letters within something, shows when the text
     * around the array is read as JSON with the array empty */
    if (found && !each_member(&behind, end, each, data, source, err))
        return false;
    _cleanup_(buffer_done) struct buffer around = {0};
    buffer_add(&around, text, found ? (size_t)(found - text) + strlen(opening) : size);
    buffer_text(&around, found ? "]" : "");
    buffer_add(&around, behind, (size_t)(end - behind));
    _cleanup_json_ json_t *object = json_parse(around.data, around.size, source, err);
    if (object && found && !json_is_array(json_object_get(object, key)))
        return error_set(err, ERROR_FAILED, "%s has no list \"%s\"", source, key);
    if (object && rest)
        *rest = json_incref(object);
    return object != NULL;
}

void json_each_so_far(struct buffer *text, const char *key, json_each_fn *each, void *data) {
    _cleanup_free_ char *opening = str_printf("\"%s\":[", key);
    char *found = text->size ? memmem(text->data, text->size, opening, strlen(opening)) : NULL;
    if (!found)
        return;
    const char *end = text->data + text->size;
    char *begin = found + strlen(opening);
    const char *at = begin;
    for (const char *probe = at; probe < end;) {
        json_error_t where;
        _cleanup_json_ json_t *member = json_loadb(probe, (size_t)(end - probe),
                                                   JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, &where);
        if (!member)
            break; /* it is not whole, or wrong: that shows in the end */
        probe += where.position;
        if (next_mark(&probe, end, ",") != ',')
            break;
        each(data, member);
        at = probe;
    }
    memmove(begin, at, (size_t)(end - at) + 1); /* with the NUL */
    text->size -= (size_t)(at - begin);
}

char *json_pretty(const json_t *value) {
    char *text = json_dumps(value, JSON_INDENT(2) | JSON_ENCODE_ANY);
    return text ? text : str_copy("null");
}

json_t *json_text(const char *text) {
    json_t *value = json_string(text ? text : "");
    if (value)
        return value;
    _cleanup_free_ char *shown = str_shown(text);
    return json_string(shown);
}
