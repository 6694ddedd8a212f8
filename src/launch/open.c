#include "launch/open.h"

#include "launch/label.h"
#include "launch/launch.h"
#include "launch/reuse.h"
#include "network/hosts.h"

/* The names that may be reached, and their addresses, where a session of an allowlist looks them up. */
static bool list_hosts(struct incus *client, const struct prepared *prepared, const struct plan *plan,
                       struct error *err) {
    bool listed = *instance_config(&prepared->existing, LABEL_ALLOW);
    if (plan->other_network || (!prepared->network.answers.count && !listed) ||
        hosts_write(client, plan->name, &prepared->network.answers, err))
        return true;
    _cleanup_(error_done) struct error undo = {0};
    if (!plan->reused && !launch_undo(client, plan, &undo))
        error_also(err, &undo);
    return false;
}

bool launch_open(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) {
    static const struct launch_watcher nobody;
    if (!watcher)
        watcher = &nobody;
    bool good = prepared->existing.json ? reuse_start(client, prepared, watcher, plan, err)
                                        : launch_new(client, prepared, watcher, plan, err);
    return good && list_hosts(client, prepared, plan, err);
}
