#include "session/detach.h"

#include "incus/instance.h"
#include "launch/guarding.h"
#include "launch/label.h"
#include "session/data.h"
#include "session/halt.h"

#define STOPPING_PATIENCE_MS 30000
#define STOPPING_RETRY_MS    100

/*
 * As an ephemeral one it is deleted by the daemon once it has stopped. Its owner is gone since its launch,
 * and would make it a dead run's in everybody's eyes.
 */
static bool remove_it(const struct inside *inside, const struct instance *instance, struct error *err) {
    if (!instance_running(instance))
        return instance_delete(inside->client, inside->name, err) || err->code == 404;
    _cleanup_json_ json_t *body = json_pack("{s:b, s:{s:s}}", "ephemeral", 1, "config", LABEL_OWNER, "");
    return instance_patch(inside->client, inside->name, body, err) &&
           instance_ask(inside->client, inside->name, "stop", true, NULL, err);
}

static bool has_data(const char *remote, const char *container) {
    _cleanup_(records_done) struct records records = {.remote = remote};
    records_load(&records);
    const struct record *record = records_of_container(&records, container);
    return record && record->data >= 0;
}

static bool end(const struct inside *inside, const struct instance *instance,
                const struct settings *settings, enum detach_outcome *outcome, struct error *err) {
    const char *remote = incus_remote(inside->client);
    _cleanup_(records_done) struct records records = {.remote = remote};
    if (label_is_persistent(instance, &records)) {
        *outcome = DETACH_STOPPED;
        return !instance_running(instance) ||
               instance_ask(inside->client, inside->name, "stop",
                            !halt_can_be_heard(inside->client, inside->name), NULL, err);
    }
    if (!data_keep(inside, settings, err)) {
        error_hint(err, "%s was left as it is; berth kill --force removes it all the same", inside->name);
        return false;
    }
    if (!remove_it(inside, instance, err))
        return false;
    *outcome = has_data(remote, inside->name) ? DETACH_DATA : DETACH_REMOVED;
    records_forget(remote, inside->name);
    return true;
}

/*
 * Whether the tmux session lives. One that cannot be asked for is not taken for dead while its
 * container runs; a container that is just shutting down is waited for.
 */
static bool ask(const struct inside *inside, struct instance *instance, bool *alive, struct error *err) {
    int64_t end = loop_now() + STOPPING_PATIENCE_MS;
    *alive = false;
    while (instance_running(instance) && !tmux_alive(inside, alive, err)) {
        if (err->class != ERROR_FAILED || loop_now() >= end)
            return false;
        error_done(err);
        instance_done(instance);
        if (!loop_pause(incus_loop(inside->client), STOPPING_RETRY_MS, err) ||
            !instance_get(inside->client, inside->name, instance, err))
            return err->code == 404;
    }
    return true;
}

bool detach_session(const struct inside *inside, const struct settings *settings,
                    enum detach_outcome *outcome, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    bool alive = false;
    bool asked =
        instance_get(inside->client, inside->name, &instance, err) && ask(inside, &instance, &alive, err);
    if (err->code == 404) { /* somebody else has removed it */
        error_done(err);
        records_forget(incus_remote(inside->client), inside->name);
        *outcome = DETACH_REMOVED;
        return true;
    }
    *outcome = DETACH_RUNNING;
    if (!asked || alive)
        return asked;
    guarding_leave(inside->client, inside->name);
    return end(inside, &instance, settings, outcome, err);
}
