/*
 * JSON from outside: types are checked here and nowhere else. Every getter takes a path of keys
 * with dots ("environment.kernel_features.idmapped_mounts"); what is missing or of another type
 * gives the stated default. A key that itself has dots is read with json_get_str(map, ...) alone.
 */
#pragma once

#include "base/error.h"

#include <jansson.h>
#include <stdint.h>

static inline void json_cleanup(json_t **value) {
    json_decref(*value);
}
#define _cleanup_json_ _cleanup_(json_cleanup)

/* The value at the path, borrowed; NULL if there is none. */
json_t *json_at(const json_t *value, const char *path);
/* The string at the path, borrowed; "" if there is none. */
const char *json_str_at(const json_t *value, const char *path);
int64_t json_int_at(const json_t *value, const char *path); /* 0 if there is none */
bool json_bool_at(const json_t *value, const char *path);   /* false if there is none */
/* The string under exactly this key of a map ("raw.idmap"), borrowed; "" if there is none. */
const char *json_get_str(const json_t *map, const char *key);

/* Parses text; an error says what `source` is and where it is wrong. Caller owns the reference. */
json_t *json_parse(const char *text, size_t size, const char *source, struct error *err) nodiscard;
/*
 * Calls `each` with the members of the array under the top-level key of text, one after the other, so
 * that a long array is never in memory as a whole. *rest, unless NULL, gets a new reference to the
 * object with that array empty. An error says where the text is wrong; what came before it was given
 * to `each` already.
 */
typedef void json_each_fn(void *data, json_t *member);
bool json_each(const char *text, size_t size, const char *key, json_each_fn *each, void *data,
               json_t **rest, const char *source, struct error *err) nodiscard;
/*
 * The same for a text that is still coming: calls `each` with the members that are whole and have another
 * one behind them, and takes these out of the text, which json_each() goes on with when it has come.
 */
void json_each_so_far(struct buffer *text, const char *key, json_each_fn *each, void *data);
/* Indented, with its keys in the order in which they were set. Caller owns. */
char *json_pretty(const json_t *value) nodiscard;
/* A JSON string of text; bytes that are no UTF-8 become "?". A new reference. */
json_t *json_text(const char *text) nodiscard;
