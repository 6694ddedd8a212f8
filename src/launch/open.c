#include "launch/open.h"

#include "launch/claim.h"
#include "launch/failure.h"
#include "launch/guarding.h"
#include "launch/label.h"
#include "launch/launch.h"
#include "launch/prepare.h"
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

const char *launch_find_kind(struct prepared *prepared, bool hooked) {
    _cleanup_(plan_done) struct plan plan = {0};
    const char *why = standby_unfit(prepared, hooked);
    if (why)
        return why;
    prepare_plan(prepared, &plan);
    if (prepared->kind)
        standby_kind_done(prepared->kind);
    else
        prepared->kind = mem_new(sizeof *prepared->kind);
    standby_kind_make(prepared, &plan, prepared->kind);
    return NULL;
}

json_t *launch_foresee(struct incus *client, struct prepared *prepared, bool hooked) {
    _cleanup_(standby_found_done) struct standby_found found = {0};
    _cleanup_(strings_done) struct strings tried = {0};
    const char *why = launch_find_kind(prepared, hooked);
    if (!why && !claim_find(client, prepared, &tried, &found))
        why = "none is ready";
    return json_pack("{s:s?, s:s?}", "name", found.instance.name, "why_not", why);
}

/* What went wrong with a standby container is no reason for not having another. */
static bool may_go_on(const struct launch_watcher *watcher, struct error *err) {
    if (err->class == ERROR_CANCELLED || err->class == ERROR_NONE)
        return false;
    if (err->code != 412 && err->code != 404 && !failure_is_busy(err))
        watcher_notice(watcher, "a standby container could not be used: %s", err->message);
    error_done(err);
    return true;
}

/* True if one was claimed; false without an error if there is none to be had. */
static bool take_standby(struct incus *client, struct prepared *prepared,
                         const struct launch_watcher *watcher, struct strings *tried,
                         struct standby_found *found, struct plan *plan, struct error *err) {
    while (found->instance.json) {
        if (claim_take(client, prepared, found, watcher, plan, err))
            return true;
        if (!may_go_on(watcher, err))
            return false;
        claim_find(client, prepared, tried, found);
    }
    return false;
}

static bool open_new(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                     struct strings *tried, struct standby_found *found, struct plan *plan,
                     struct error *err) {
    if (take_standby(client, prepared, watcher, tried, found, plan, err))
        return true;
    if (err->class)
        return false;
    plan_done(plan);
    return launch_new(client, prepared, watcher, plan, err);
}

bool launch_open(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) {
    static const struct launch_watcher nobody;
    _cleanup_(standby_found_done) struct standby_found found = {0};
    _cleanup_(strings_done) struct strings tried = {0};
    if (!watcher)
        watcher = &nobody;
    if (!launch_find_kind(prepared, watcher->pre_start))
        claim_find(client, prepared, &tried, &found);
    _cleanup_free_ char *name = name_of(prepared->prefix, prepared->workspace.path, prepared->slot);
    const char *planned = prepared->existing.json ? prepared->existing.name
                          : found.instance.json   ? found.instance.name
                                                  : name;
    bool good =
        guarding_begin(client, prepared, planned, watcher, err) &&
        (prepared->existing.json ? reuse_start(client, prepared, watcher, plan, err)
                                 : open_new(client, prepared, watcher, &tried, &found, plan, err)) &&
        complete(client, prepared, plan, err);
    if (!good)
        guarding_failed(prepared);
    return good;
}
