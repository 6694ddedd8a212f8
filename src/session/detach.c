#include "session/detach.h"

#include "incus/instance.h"
#include "launch/guarding.h"
#include "launch/label.h"
#include "session/halt.h"

#define STOPPING_PATIENCE_MS 30000
#define STOPPING_RETRY_MS    100

/* As an ephemeral one it is deleted by the daemon once it has stopped. */
static bool remove_it(const struct inside *inside, const struct instance *instance, struct error *err) {
    if (!instance_running(instance))
        return instance_delete(inside->client, inside->name, err) || err->code == 404;
    _cleanup_json_ json_t *body = json_pack("{s:b}", "ephemeral", 1);
    return instance_patch(inside->client, inside->name, body, err) &&
           instance_ask(inside->client, inside->name, "stop", true, NULL, err);
}

static bool end(const struct inside *inside, const struct instance *instance, enum detach_outcome *outcome,
                struct error *err) {
    _cleanup_(records_done) struct records records = {0};
    if (label_is_persistent(instance, &records)) {
        *outcome = DETACH_STOPPED;
        return !instance_running(instance) ||
               instance_ask(inside->client, inside->name, "stop",
                            !halt_can_be_heard(inside->client, inside->name), NULL, err);
    }
    *outcome = DETACH_REMOVED;
    if (!remove_it(inside, instance, err))
        return false;
    records_forget(inside->name);
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

bool detach_session(const struct inside *inside, enum detach_outcome *outcome, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    bool alive = false;
    bool asked =
        instance_get(inside->client, inside->name, &instance, err) && ask(inside, &instance, &alive, err);
    if (err->code == 404) { /* somebody else has removed it */
        error_done(err);
        records_forget(inside->name);
        *outcome = DETACH_REMOVED;
        return true;
    }
    *outcome = DETACH_RUNNING;
    if (!asked || alive)
        return asked;
    guarding_leave(inside->client, inside->name);
    return end(inside, &instance, outcome, err);
}
