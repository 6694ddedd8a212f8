#include "launch/existing.h"

#include "launch/label.h"
#include "launch/owner.h"
#include "workspace/name.h"

/* One on another member of a cluster has a directory of that machine for its workspace. */
static bool is_here(const struct instance *instance, const struct prepared *prepared) {
    return !prepared->member || str_equal(json_str_at(instance->json, "location"), prepared->member);
}

static bool refuse(const struct instance *instance, const struct prepared *prepared,
                   struct records *records, struct error *err) {
    const char *name = instance->name;
    unsigned int slot = prepared->request->slot;
    if (!is_here(instance, prepared)) {
        error_set(err, ERROR_FAILED,
                  "slot %u is taken by %s on member %s, whose workspace is a directory there", slot, name,
                  json_str_at(instance->json, "location"));
    } else if (!label_is_of(instance, &prepared->workspace)) {
        _cleanup_free_ char *other = str_shown(instance_device(instance, WORKSPACE_DEVICE, "source"));
        error_set(err, ERROR_FAILED, "slot %u is taken by %s, whose workspace is %s", slot, name, other);
    } else if (instance_running(instance)) {
        error_set(err, ERROR_FAILED, "slot %u of %s is taken by %s, which is running", slot,
                  prepared->workspace.path, name);
        error_hint(err, "berth attach %s attaches to it", name);
    } else if (str_equal(instance->status, "Stopped") && label_is_persistent(instance, records)) {
        error_set(err, ERROR_FAILED, "slot %u of %s is taken by %s, which is persistent", slot,
                  prepared->workspace.path, name);
        error_hint(err, "--persistent runs it in there");
    } else if (str_equal(instance->status, "Stopped")) {
        error_set(err, ERROR_FAILED, "slot %u of %s is taken by %s, left over from an ephemeral session",
                  slot, prepared->workspace.path, name);
        error_hint(err, "berth clean removes it; berth shell --resume resumes it");
    } else {
        error_set(err, ERROR_FAILED, "slot %u of %s is taken by %s, which is %s", slot,
                  prepared->workspace.path, name, instance->status);
        error_hint(err, "berth container start %s starts it again", name);
    }
    error_hint(err, "--slot 0 takes the next free one; berth list shows what there is");
    return false;
}

static bool is_of_another(const struct instance *instance, const struct launch_request *request) {
    const char *record = instance_config(instance, LABEL_RECORD);
    return request->saved && *record && !str_equal(record, request->session_id);
}

static bool look(struct incus *client, const char *name, struct prepared *prepared, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(records_done) struct records records = {.remote = incus_remote(client)};
    const struct launch_request *request = prepared->request;
    if (!instance_get(client, name, &instance, err))
        return false;
    if (owner_orphaned(&instance)) /* the slot is free when it is gone */
        return instance_destroy(client, name, err);
    if (is_of_another(&instance, request))
        return true;
    bool may = !request->branch &&
               (request->resume || request->shell || settings_bool(request->settings, SETTING_PERSISTENT));
    bool usable = may && is_here(&instance, prepared) && label_is_of(&instance, &prepared->workspace) &&
                  (instance_running(&instance) || str_equal(instance.status, "Stopped")) &&
                  (request->resume || label_is_persistent(&instance, &records));
    if (!usable)
        return request->slot ? refuse(&instance, prepared, &records, err) : true;
    prepared->existing = instance;
    instance = (struct instance){0};
    return true;
}

/* A slot whose ephemeral container is just being deleted behind the last run is free in a moment. */
static bool is_taken(struct incus *client, struct prepared *prepared, const char *name) {
    if (!strings_has(&prepared->taken, name))
        return false;
    _cleanup_(error_done) struct error ignored = {0};
    if (!instance_await_end(client, name))
        return true;
    strings_done(&prepared->taken);
    return !instance_names(client, &prepared->taken, &ignored) || strings_has(&prepared->taken, name);
}

bool existing_find(struct incus *client, struct prepared *prepared, struct error *err) {
    const struct launch_request *request = prepared->request;
    bool persistent = settings_bool(request->settings, SETTING_PERSISTENT);
    unsigned int first = request->slot ? request->slot : 1, last = request->slot ? first : SESSION_SLOTS;
    for (unsigned int slot = first; slot <= last && (request->slot || persistent); slot++) {
        _cleanup_free_ char *name = name_of(prepared->prefix, prepared->workspace.path, slot);
        if (!is_taken(client, prepared, name))
            continue;
        if (!look(client, name, prepared, err))
            return false;
        prepared->slot = slot;
        if (prepared->existing.json)
            return true;
    }
    return true;
}
