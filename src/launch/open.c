#include "launch/open.h"

#include "launch/guarding.h"
#include "launch/label.h"
#include "launch/launch.h"
#include "launch/reuse.h"
#include "network/hosts.h"
#include "workspace/name.h"

/* The names that may be reached, and their addresses, where a session of an allowlist looks them up. */
static bool list_hosts(struct incus *client, const struct prepared *prepared, const struct plan *plan,
                       struct error *err) {
    bool listed = *instance_config(&prepared->existing, LABEL_ALLOW);
    if (plan->other_network || (!prepared->network.answers.count && !listed) ||
        hosts_write(client, plan->name, &prepared->network.answers, err))
        return true;
    return false;
}

/* What is left to do once it is there; without it, it goes again. */
static bool complete(struct incus *client, struct prepared *prepared, const struct plan *plan,
                     struct error *err) {
    _cleanup_(error_done) struct error undo = {0};
    if (guarding_named(client, prepared, plan->name, err) && list_hosts(client, prepared, plan, err))
        return true;
    if (!plan->reused && !launch_undo(client, plan, &undo))
        error_also(err, &undo);
    return false;
}

bool launch_open(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) {
    static const struct launch_watcher nobody;
    if (!watcher)
        watcher = &nobody;
    _cleanup_free_ char *name = name_of(prepared->prefix, prepared->workspace.path, prepared->slot);
    bool good = guarding_begin(client, prepared, prepared->existing.json ? prepared->existing.name : name,
                               watcher, err) &&
                (prepared->existing.json ? reuse_start(client, prepared, watcher, plan, err)
                                         : launch_new(client, prepared, watcher, plan, err)) &&
                complete(client, prepared, plan, err);
    if (!good)
        guarding_failed(prepared);
    return good;
}
