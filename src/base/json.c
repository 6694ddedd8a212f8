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
