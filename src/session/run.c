#include "session/run.h"

#include "incus/instance.h"
#include "launch/guarding.h"
#include "launch/launch.h"
#include "session/halt.h"

static bool finish(struct incus *client, const struct plan *plan, char **operation, struct error *err) {
    _cleanup_(error_done) struct error asking = {0}, looking = {0};
    _cleanup_(instance_done) struct instance instance = {0};
    if (plan->was_running)
        return true;
    bool force = !plan->persistent || !halt_can_be_heard(client, plan->name);
    if (instance_ask(client, plan->name, "stop", force, operation, &asking))
        return true;
    bool there = instance_get(client, plan->name, &instance, &looking);
    if (asking.class == ERROR_FAILED && !there && looking.code == 404)
        return true; /* it has ended itself */
    if (!plan->persistent)
        return launch_undo(client, plan, err);
    if (there && !instance_running(&instance))
        return true;
    error_move(err, &asking);
    error_prefix(err, "%s still runs", plan->name);
    return false;
}

bool run_finish(struct incus *client, struct prepared *prepared, const struct plan *plan,
                struct error *err) {
    _cleanup_free_ char *operation = NULL;
    bool good = finish(client, plan, &operation, err);
    if (!good)
        owner_abandon(prepared->owner);
    else if (operation)
        owner_leave(prepared->owner, operation);
    else
        owner_release(prepared->owner);
    prepared->owner = NULL;
    if (prepared->noted && !plan->was_running)
        guarding_leave(client, plan->name);
    return good;
}
