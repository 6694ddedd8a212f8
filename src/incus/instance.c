#include "incus/instance.h"

#include <string.h>

void instance_done(struct instance *instance) {
    json_decref(instance->json);
    *instance = (struct instance){0};
}

bool instance_read(struct instance *instance, json_t *json) {
    *instance = (struct instance){0};
    if (!*json_str_at(json, "name"))
        return false;
    *instance = (struct instance){
        .json = json_incref(json),
        .name = json_str_at(json, "name"),
        .status = json_str_at(json, "status"),
        .created_at = json_str_at(json, "created_at"),
        .type = json_str_at(json, "type"),
        .ephemeral = json_bool_at(json, "ephemeral"),
        .config = json_at(json, "expanded_config"),
        .devices = json_at(json, "expanded_devices"),
    };
    return true;
}

char *instance_create_path(const char *member) {
    _cleanup_free_ char *name = incus_escape(member ? member : ""), *query = str_printf("target=%s", name);
    return incus_path(member ? query : NULL, "instances", NULL);
}

const char *instance_config(const struct instance *instance, const char *key) {
    return json_get_str(instance->config, key);
}

const char *instance_device(const struct instance *instance, const char *device, const char *key) {
    return json_get_str(json_object_get(instance->devices, device), key);
}

bool instance_running(const struct instance *instance) {
    return str_equal(instance->status, "Running");
}

void instance_names_read(const json_t *urls, struct strings *names) {
    size_t index;
    const json_t *url;
    json_array_foreach(urls, index, url) {
        const char *text = json_string_value(url), *slash = text ? strrchr(text, '/') : NULL;
        if (slash) /* "?project=…" follows where it is not the default one */
            strings_take(names, str_copy_n(slash + 1, strcspn(slash + 1, "?")));
    }
}

bool instance_names(struct incus *client, struct strings *names, struct error *err) {
    _cleanup_json_ json_t *urls = NULL;
    _cleanup_free_ char *path = incus_path("recursion=0", "instances", NULL);
    if (!incus_request(client, "GET", path, NULL, &urls, err))
        return false;
    instance_names_read(urls, names);
    return true;
}

bool instance_get(struct incus *client, const char *name, struct instance *instance, struct error *err) {
    return instance_get_tagged(client, name, instance, NULL, err);
}

bool instance_get_tagged(struct incus *client, const char *name, struct instance *instance, char **etag,
                         struct error *err) {
    _cleanup_json_ json_t *json = NULL;
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    if (!incus_get(client, path, &json, etag, err))
        return false;
    if (!instance_read(instance, json))
        return error_set(err, ERROR_FAILED, "the daemon's description of %s has no name", name);
    return true;
}

bool instance_state(struct incus *client, const char *name, json_t **state, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, "state", NULL);
    return incus_request(client, "GET", path, NULL, state, err);
}

static json_t *state_change(const char *action, bool force, long timeout_seconds) {
    return json_pack("{s:s, s:b, s:I}", "action", action, "force", force, "timeout",
                     (json_int_t)timeout_seconds);
}

bool instance_change(struct incus *client, const char *name, const char *action, bool force,
                     long timeout_seconds, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, "state", NULL);
    _cleanup_json_ json_t *body = state_change(action, force, timeout_seconds);
    return operation_run(client, "PUT", path, body, NULL, NULL, NULL, err);
}

bool instance_ask(struct incus *client, const char *name, const char *action, bool force, char **operation,
                  struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, "state", NULL);
    _cleanup_json_ json_t *body = state_change(action, force, -1), *metadata = NULL;
    if (!incus_request(client, "PUT", path, body, &metadata, err))
        return false;
    if (operation)
        *operation = incus_path(NULL, "operations", json_str_at(metadata, "id"), NULL);
    return true;
}

/* The path of the running operation that ends the instance; NULL if there is none. Caller owns. */
static char *ending_operation(struct incus *client, const char *name) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *all = NULL;
    _cleanup_free_ char *path = incus_path("recursion=1", "operations", NULL),
                        *url = incus_path(NULL, "instances", name, NULL);
    if (!incus_request(client, "GET", path, NULL, &all, &ignored))
        return NULL;
    size_t index, inner;
    const json_t *operation, *resource;
    json_array_foreach(json_at(all, "running"), index, operation) {
        const char *words = json_str_at(operation, "description");
        if (!str_equal(words, "Stopping instance") && !str_equal(words, "Deleting instance"))
            continue;
        json_array_foreach(json_at(operation, "resources.instances"), inner, resource) {
            const char *text = json_string_value(resource);
            if (text && strcspn(text, "?") == strlen(url) && strncmp(text, url, strlen(url)) == 0)
                return incus_path(NULL, "operations", json_str_at(operation, "id"), "wait", NULL);
        }
    }
    return NULL;
}

bool instance_is_ending(struct incus *client, const char *name) {
    _cleanup_free_ char *wait = ending_operation(client, name);
    return wait != NULL;
}

bool instance_await_end(struct incus *client, const char *name) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *wait = ending_operation(client, name);
    if (!wait)
        return false;
    return incus_request(client, "GET", wait, NULL, NULL, &ignored) || ignored.class == ERROR_FAILED;
}

bool instance_delete(struct incus *client, const char *name, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    return operation_run(client, "DELETE", path, NULL, NULL, NULL, NULL, err);
}

bool instance_destroy(struct incus *client, const char *name, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    bool good =
        instance_get(client, name, &instance, err) &&
        (str_equal(instance.status, "Stopped") || instance_change(client, name, "stop", true, -1, err)) &&
        instance_delete(client, name, err);
    if (good)
        return true;
    /* an ephemeral one is deleted by the daemon when it stops: gone is gone, whatever the words were */
    _cleanup_(instance_done) struct instance again = {0};
    _cleanup_(error_done) struct error looking = {0};
    if (err->code != 404 && (instance_get(client, name, &again, &looking) || looking.code != 404))
        return false;
    error_done(err);
    return true;
}

bool instance_put(struct incus *client, const char *name, const json_t *body, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    return operation_run(client, "PUT", path, body, NULL, NULL, NULL, err);
}

bool instance_patch(struct incus *client, const char *name, const json_t *body, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    return incus_request(client, "PATCH", path, body, NULL, err);
}

bool instance_patch_if(struct incus *client, const char *name, const char *etag, const json_t *body,
                       struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    return incus_request_if(client, "PATCH", path, etag, body, err);
}

/* "lxc NAME TIME ERROR    conf - ../src/…/conf.c:lxc_map_ids:3701 - Failed to set up id mapping" */
char *instance_log_reason(const char *log) {
    _cleanup_free_ char *copy = str_copy(log);
    _cleanup_(strings_done) struct strings reasons = {0};
    char *rest = copy;
    for (char *line; (line = strsep(&rest, "\n"));) {
        const char *error = strstr(line, " ERROR "), *words = error ? strstr(error, " - ") : NULL;
        const char *behind_place = words ? strstr(words + 3, " - ") : NULL;
        if (!behind_place || !behind_place[3])
            continue;
        _cleanup_free_ char *shown = str_shown(behind_place + 3);
        if (!strings_has(&reasons, shown) && reasons.count < 4)
            strings_add(&reasons, shown);
    }
    return reasons.count ? strings_join(&reasons, "; ") : NULL;
}

char *instance_start_reason(struct incus *client, const char *name) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_(buffer_done) struct buffer log = {0};
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, "logs", "lxc.log", NULL);
    return incus_fetch(client, path, &log, &ignored) && log.data ? instance_log_reason(log.data) : NULL;
}

struct owner_answer {
    bool done;
    long uid, gid;
    struct error *err;
};

static void owner_done(void *data, const struct reply *reply, struct error *err) {
    struct owner_answer *answer = data;
    answer->done = true;
    answer->uid = reply ? reply->owner_uid : -1;
    answer->gid = reply ? reply->owner_gid : -1;
    error_move(answer->err, err);
}

bool instance_owner(struct incus *client, const char *name, const char *path, long *uid, long *gid,
                    struct error *err) {
    _cleanup_free_ char *escaped = incus_escape(path), *query = str_printf("path=%s", escaped),
                        *url = incus_path(query, "instances", name, "files", NULL);
    struct owner_answer answer = {.err = err};
    struct call *call = incus_call(client, "HEAD", url, NULL, owner_done, &answer);
    if (!loop_run(incus_loop(client), &answer.done, err)) {
        if (!answer.done)
            call_drop(call);
        return false;
    }
    *uid = answer.uid;
    *gid = answer.gid;
    return err->class == ERROR_NONE;
}
