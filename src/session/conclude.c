#include "session/conclude.h"

#include "incus/instance.h"
#include "session/launch.h"
#include "session/reuse.h"

#define STOPPING_PATIENCE_MS 30000
#define STOPPING_RETRY_MS    100

void conclude_forget(const char *container) {
    _cleanup_(records_done) struct records records = {0};
    _cleanup_(error_done) struct error ignored = {0};
    records_load(&records);
    for (size_t i = 0; i < records.count; i++)
        if (str_equal(records.items[i].container, container) && !record_remove(&records.items[i], &ignored))
            error_done(&ignored); /* `clean --sessions` finds it again */
}

/* As an ephemeral one it is deleted by the daemon once it has stopped. */
static bool remove_it(const struct inside *inside, const struct instance *instance, struct error *err) {
    if (!instance_running(instance))
        return instance_delete(inside->client, inside->name, err) || err->code == 404;
    _cleanup_json_ json_t *body = json_pack("{s:b}", "ephemeral", 1);
    return instance_patch(inside->client, inside->name, body, err) &&
           instance_ask(inside->client, inside->name, "stop", true, err);
}

static bool end(const struct inside *inside, const struct instance *instance, enum outcome *outcome,
                struct error *err) {
    if (reuse_is_kept(instance)) {
        *outcome = OUTCOME_STOPPED;
        return !instance_running(instance) ||
               instance_ask(inside->client, inside->name, "stop", false, err);
    }
    *outcome = OUTCOME_REMOVED;
    if (!remove_it(inside, instance, err))
        return false;
    conclude_forget(inside->name);
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

bool session_conclude(const struct inside *inside, enum outcome *outcome, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    bool alive = false;
    bool asked =
        instance_get(inside->client, inside->name, &instance, err) && ask(inside, &instance, &alive, err);
    if (err->code == 404) { /* somebody else has removed it */
        error_done(err);
        conclude_forget(inside->name);
        *outcome = OUTCOME_REMOVED;
        return true;
    }
    *outcome = OUTCOME_DETACHED;
    return asked && (alive || end(inside, &instance, outcome, err));
}

bool session_leave(struct incus *client, const struct plan *plan, struct error *err) {
    _cleanup_(error_done) struct error asking = {0}, looking = {0};
    _cleanup_(instance_done) struct instance instance = {0};
    if (plan->was_running || instance_ask(client, plan->name, "stop", !plan->persistent, &asking))
        return true;
    bool there = instance_get(client, plan->name, &instance, &looking);
    if (asking.class == ERROR_FAILED && !there && looking.code == 404)
        return true; /* it has ended itself */
    if (!plan->persistent)
        return session_undo(client, plan, err);
    if (there && !instance_running(&instance))
        return true;
    error_move(err, &asking);
    error_prefix(err, "%s still runs", plan->name);
    return false;
}
