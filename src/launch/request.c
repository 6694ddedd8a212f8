#include "launch/request.h"

#include <string.h>

void request_done(struct launch_request *request) {
    free(request->workspace);
    mounts_done(&request->mounts);
    json_decref(request->environment);
    strings_done(&request->command);
    free(request->session_id);
    free(request->branch);
    free(request->branch_snapshot);
    *request = (struct launch_request){0};
}

bool request_add_env(struct launch_request *request, const char *text, struct error *err) {
    size_t length = strcspn(text, "=");
    _cleanup_free_ char *key = str_copy_n(text, length), *shown = str_shown(text);
    const char *letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    if (length == 0 || strspn(key, letters) != length || strchr("0123456789", key[0]))
        return error_set(err, ERROR_USAGE,
                         "-e %s: the name of a variable is letters, digits and _, as in -e NAME=VALUE",
                         shown);
    const char *value = text[length] ? text + length + 1 : getenv(key);
    if (!value)
        return error_set(err, ERROR_USAGE, "-e %s: not set here; -e %s=VALUE sets it", key, key);
    if (!str_is_utf8(value))
        return error_set(err, ERROR_USAGE, "-e %s: the value is not valid UTF-8, which Incus requires",
                         key);
    if (!request->environment)
        request->environment = json_object();
    json_object_set_new(request->environment, key, json_text(value));
    return true;
}
