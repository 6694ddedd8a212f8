#include "launch/branch.h"

#include "incus/snapshot.h"

/* The session is at fault, or the snapshot that it does not have. */
static bool not_found(const struct launch_request *request, struct error *err) {
    if (err->code != 404)
        return false;
    _cleanup_free_ char *session = str_shown(request->branch),
                        *snapshot = str_shown(request->branch_snapshot ? request->branch_snapshot : "");
    error_done(err);
    if (!*snapshot)
        return error_set(err, ERROR_FAILED, "container %s not found", session);
    error_set(err, ERROR_FAILED, "snapshot %s of %s not found", snapshot, session);
    error_hint(err, "berth snapshot list %s shows what there is", session);
    return false;
}

bool branch_find(struct incus *client, struct prepared *prepared, struct error *err) {
    const struct launch_request *request = prepared->request;
    _cleanup_json_ json_t *source = NULL;
    _cleanup_free_ char *path =
        request->branch_snapshot
            ? incus_path(NULL, "instances", request->branch, "snapshots", request->branch_snapshot, NULL)
            : incus_path(NULL, "instances", request->branch, NULL);
    if (!incus_request(client, "GET", path, NULL, &source, err))
        return not_found(request, err);
    prepared->branch = json_incref(source);
    return true;
}

/* Whether the other has a key that the plan has not, which the daemon would copy. */
static bool has_more(const json_t *config, const json_t *planned) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)config, key, value) {
        if (!snapshot_config_is_kept(key) && !json_object_get(planned, key))
            return true;
    }
    return false;
}

void branch_plan(const struct prepared *prepared, struct plan *plan) {
    const struct launch_request *request = prepared->request;
    if (!request->branch)
        return;
    json_t *devices = json_at(plan->body, "devices"), *config = json_at(plan->body, "config");
    const char *name;
    json_t *device;
    if (has_more(json_at(prepared->branch, "config"), config))
        plan->copy = json_pack("{s:O, s:o}", "config", config, "devices", json_copy(devices));
    json_object_foreach(json_at(prepared->branch, "devices"), name, device) {
        if (!json_object_get(devices, name))
            json_object_set_new(devices, name, json_pack("{s:s}", "type", "none"));
    }
    _cleanup_free_ char *source = request->branch_snapshot
                                      ? str_printf("%s/%s", request->branch, request->branch_snapshot)
                                      : str_copy(request->branch);
    json_object_set_new(plan->body, "profiles", json_pack("[s]", "default"));
    json_object_set_new(
        plan->body, "source",
        json_pack("{s:s, s:o, s:b}", "type", "copy", "source", json_text(source), "instance_only", 1));
}

bool branch_settle(struct incus *client, const struct plan *plan, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!plan->copy)
        return true;
    if (!instance_get(client, plan->name, &instance, err))
        return false;
    _cleanup_json_ json_t *body =
        json_pack("{s:o, s:O, s:[s], s:b, s:s}", "config",
                  snapshot_config(json_at(plan->copy, "config"), json_object_get(instance.json, "config")),
                  "devices", json_at(plan->copy, "devices"), "profiles", "default", "ephemeral",
                  instance.ephemeral, "architecture", json_str_at(instance.json, "architecture"));
    return instance_put(client, plan->name, body, err);
}
