#include "launch/launch.h"

#include "idmap/explain.h"
#include "launch/branch.h"
#include "launch/failure.h"
#include "launch/label.h"
#include "launch/prepare.h"
#include "launch/verify.h"
#include "network/up.h"
#include "workspace/name.h"
#include "workspace/workspace.h"

#include <string.h>
#include <sys/random.h>

/* The daemon's words for a cause that has a second way. */
#define WORDS_NO_RANGE   "Not enough uid/gid available"
#define WORDS_MAP_FAILED "id mapping" /* in lxc.log */

/*
 * A creation that loses the race for a name holds the daemon's lock on that name for a moment, and
 * the winner's start is then refused (failure_is_busy()).
 */
#define BUSY_PATIENCE_MS 5000
#define BUSY_RETRY_MS    20

/* How long an undo waits for a daemon that restarts, or for one that is busy with the instance. */
#define UNDO_PATIENCE_MS 10000
#define UNDO_RETRY_MS    100

struct launch {
    struct incus *client;
    struct prepared *prepared;
    const struct launch_watcher *watcher;
    struct plan *plan;
};

/* One attempt: true when the instance is gone, or is not this launch's. */
static bool try_undo(struct incus *client, const struct plan *plan, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_get(client, plan->name, &instance, err))
        return err->code == 404;
    const char *ours = json_get_str(json_at(plan->body, "config"), LABEL_LAUNCH);
    return !str_equal(instance_config(&instance, LABEL_LAUNCH), ours) ||
           instance_destroy(client, plan->name, err);
}

bool launch_undo(struct incus *client, const struct plan *plan, struct error *err) {
    struct loop *loop = incus_loop(client);
    int64_t end = loop_now() + UNDO_PATIENCE_MS;
    loop_interruptible(loop, false);
    for (;;) {
        _cleanup_(error_done) struct error attempt = {0};
        if (try_undo(client, plan, &attempt))
            return true;
        if (loop_now() >= end) {
            error_set(err, attempt.class, "%s could not be removed: %s", plan->name, attempt.message);
            error_hint(err, "berth container delete --force %s removes it", plan->name);
            return false;
        }
        if (!loop_pause(incus_loop(client), UNDO_RETRY_MS, err))
            return false;
    }
}

/* Undoes after a failure; what then is left is added to the failure's hints. */
static bool undo_after(const struct launch *launch, struct error *err) {
    _cleanup_(error_done) struct error undo = {0};
    if (launch_undo(launch->client, launch->plan, &undo))
        return false;
    error_also(err, &undo);
    owner_abandon(launch->prepared->owner);
    launch->prepared->owner = NULL;
    return false;
}

static bool says(const struct error *err, const char *words) {
    return err->class == ERROR_FAILED && strstr(err->message, words);
}

static bool cancelled(const struct launch *launch, struct error *err) {
    return loop_cancelled(incus_loop(launch->client), err);
}

static void progress(void *data, const char *words) {
    const struct launch *launch = data;
    if (launch->watcher->progress)
        launch->watcher->progress(launch->watcher->data, words);
}

static bool name_is_taken(const struct launch *launch) {
    _cleanup_(error_done) struct error ignored = {0};
    strings_done(&launch->prepared->taken);
    return instance_names(launch->client, &launch->prepared->taken, &ignored) &&
           strings_has(&launch->prepared->taken, launch->plan->name);
}

/* The reason for a failed start, from the instance's log; part of the error from here on. */
static void add_reason(const struct launch *launch, struct error *err) {
    _cleanup_free_ char *reason = instance_start_reason(launch->client, launch->plan->name);
    if (!reason)
        return;
    char *message = str_printf("%s; its log says: %s", err->message, reason);
    free(err->message);
    err->message = message;
}

/* The reason for a failed start is added, and the instance removed. */
static bool start_failed(const struct launch *launch, struct error *err) {
    if (err->class == ERROR_FAILED && strstr(err->message, "forkstart"))
        add_reason(launch, err);
    return undo_after(launch, err);
}

/* A start that met the daemon's lock is asked for again; any other failure stays as it is. */
static bool start_when_free(const struct launch *launch, struct error *err) {
    int64_t end = loop_now() + BUSY_PATIENCE_MS;
    while (failure_is_busy(err) && loop_now() < end) {
        error_done(err);
        if (!loop_pause(incus_loop(launch->client), BUSY_RETRY_MS, err))
            return false;
        if (instance_change(launch->client, launch->plan->name, "start", false, -1, err))
            return true;
    }
    return false;
}

/* Whether the instance of the plan's name is the one that this launch made. */
static bool is_ours(const struct launch *launch) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(error_done) struct error ignored = {0};
    return instance_get(launch->client, launch->plan->name, &instance, &ignored) &&
           str_equal(instance_config(&instance, LABEL_LAUNCH),
                     json_get_str(json_at(launch->plan->body, "config"), LABEL_LAUNCH));
}

/*
 * Another free slot when somebody was faster. Sessions take the next one; of the many that a run may have
 * it is one by chance, so that twenty at one moment do not meet again at the next.
 */
static unsigned int another_slot(const struct prepared *prepared) {
    const char *prefix = prepared->prefix, *workspace = prepared->workspace.path;
    unsigned int first = prepared->slot + 1, last = prepared_last_slot(prepared);
    if (last > SESSION_SLOTS) {
        unsigned int random = 0;
        (void)!getrandom(&random, sizeof random, 0);
        first = SESSION_SLOTS + 1 + random % (last - SESSION_SLOTS);
    }
    unsigned int slot = name_free_slot(prefix, workspace, first, last, &prepared->taken);
    return slot ? slot : name_free_slot(prefix, workspace, 1, last, &prepared->taken);
}

/* Whether something is to be done between creation and start. */
static bool in_steps(const struct launch *launch) {
    return launch->watcher->pre_start || launch->plan->copy;
}

/*
 * Creates, and moves on to the next slot where somebody else took the name first: the daemon alone
 * decides who has it, so that two launches at one moment get two slots.
 */
static bool create(struct launch *launch, struct error *err) {
    struct prepared *prepared = launch->prepared;
    _cleanup_free_ char *path = instance_create_path(prepared->member);
    for (;;) {
        plan_done(launch->plan);
        prepare_plan(prepared, launch->plan);
        if (prepared->shifting_device && !launch->plan->decision.shift)
            return verify_shift_beside_raw(prepared->shifting_device, launch->plan->name, err);
        json_object_set_new(launch->plan->body, "start", json_boolean(!in_steps(launch)));
        if (operation_run(launch->client, "POST", path, launch->plan->body, progress, launch, NULL, err))
            return true;
        if (err->class == ERROR_DAEMON)
            return undo_after(launch, err); /* it may have been made before the answer was lost */
        /* a name that is being made just now is busy before it is listed */
        bool listed = name_is_taken(launch);
        if (!listed && !failure_is_busy(err))
            return false;
        if (!listed)
            strings_add(&prepared->taken, launch->plan->name);
        else if (is_ours(launch)) /* created, but not started */
            return start_when_free(launch, err) || start_failed(launch, err);
        unsigned int next = prepared->request->slot ? 0 : another_slot(prepared);
        if (!next) {
            prepared->full = !prepared->request->slot;
            error_hint(err, "%s was made by somebody else at the same moment: try again",
                       launch->plan->name);
            return false;
        }
        error_done(err);
        prepared->slot = next;
    }
}

/*
 * One whole attempt. Creation starts the instance too, unless something is to be done in between.
 * `err` tells why it failed; nothing is left of it then.
 */
static bool attempt(struct launch *launch, struct error *err) {
    struct loop *loop = incus_loop(launch->client);
    const struct launch_watcher *watcher = launch->watcher;
    loop_interruptible(loop, false); /* what the daemon has begun is waited for, then undone */
    if (!create(launch, err))
        return false;
    if (!in_steps(launch))
        return !cancelled(launch, err) || undo_after(launch, err);
    loop_interruptible(loop, true);
    if (cancelled(launch, err) || !branch_settle(launch->client, launch->plan, err) ||
        !verify_expanded(launch->client, launch->plan, err) ||
        (watcher->pre_start && !watcher->pre_start(watcher->data, launch->client, launch->plan->name, err)))
        return undo_after(launch, err);
    loop_interruptible(loop, false);
    if (!instance_change(launch->client, launch->plan->name, "start", false, -1, err) &&
        !start_when_free(launch, err))
        return start_failed(launch, err);
    return !cancelled(launch, err) || undo_after(launch, err);
}

/* The filesystem turned out not to take idmapped mounts: the same session with raw.idmap. */
static bool without_shift(struct launch *launch, struct error *err) {
    struct prepared *prepared = launch->prepared;
    error_done(err);
    if (!prepare_without_shift(prepared, err))
        return false;
    prepared->no_shift = prepared->facts.deciding;
    if (!attempt(launch, err))
        return false;
    watcher_notice(launch->watcher,
                   "%s does not take idmapped mounts here: using raw.idmap \"%s\" instead of shift",
                   prepared->facts.deciding, prepared->decision.raw);
    return true;
}

/* Patches what the labels could not say when it was made. */
static bool label_seen(const struct launch *launch, struct error *err) {
    const struct prepared *prepared = launch->prepared;
    _cleanup_free_ char *host = str_printf("%u:%u", prepared->facts.host.uid, prepared->facts.host.gid);
    _cleanup_json_ json_t *body = json_pack("{s:{s:s, s:s}}", "config", LABEL_HOST, host, LABEL_REASON,
                                            explain_reason_code(prepared->decision.reason));
    return instance_patch(launch->client, launch->plan->name, body, err);
}

/*
 * Whose the workspace of another machine is, as this container sees it, whose mounts shift. Nothing was run
 * in it. Where that is not the right mapping it goes, and one with the right mapping comes.
 */
static bool by_looking(struct launch *launch, struct error *err) {
    struct prepared *prepared = launch->prepared;
    long uid = -1, gid = -1;
    if (!instance_owner(launch->client, launch->plan->name, WORKSPACE_PATH, &uid, &gid, err) || uid < 0 ||
        gid < 0) {
        if (!err->class)
            error_set(err, ERROR_FAILED, "the daemon does not say whose " WORKSPACE_PATH " is");
        return undo_after(launch, err);
    }
    if (!prepare_with_ids(prepared, (struct idmap_ids){(uid_t)uid, (gid_t)gid}, err))
        return undo_after(launch, err);
    if (prepared->decision.method == IDMAP_SHIFT) {
        launch->plan->decision = prepared->decision;
        return label_seen(launch, err) || undo_after(launch, err);
    }
    watcher_notice(launch->watcher,
                   "%s is %ld:%ld's: made anew for that; [%s %s] uid, gid in the settings save the look",
                   prepared->workspace.path, uid, gid, prepared->place.member ? "member" : "remote",
                   prepared->place.name);
    return launch_undo(launch->client, launch->plan, err) && attempt(launch, err);
}

/* No isolated range: a second try with the shared one, and nothing else changed. */
static bool without_isolation(struct launch *launch, const char *why, struct error *err) {
    _cleanup_(error_done) struct error second = {0};
    launch->prepared->not_isolated = why;
    if (!attempt(launch, &second)) {
        /* isolation was not the cause: the first failure stands, unless the user ended it */
        if (second.class == ERROR_CANCELLED)
            error_move(err, &second);
        return false;
    }
    error_done(err);
    watcher_notice(launch->watcher,
                   "no id range of its own for %s (%s): it shares the daemon's range with other containers",
                   launch->plan->name, why);
    return true;
}

/* Somebody cleaned up between the look at the network and the creation: it is made again. */
static bool network_is_gone(struct network *network, const struct error *err) {
    bool gone = network->name && err->class == ERROR_FAILED && strstr(err->message, network->name) &&
                strstr(err->message, "not found");
    network->in_force &= !gone;
    return gone;
}

/* What the project forbids, and a session can do without. */
static void say_left_out(const struct launch *launch) {
    const struct prepared *prepared = launch->prepared;
    const char *project = prepared->facts.project.name;
    if (prepared->no_nesting)
        watcher_notice(launch->watcher, "project %s forbids nesting: no containers within this one",
                       project);
    if (prepared->no_interception && settings_bool(prepared->request->settings, SETTING_INTERCEPT))
        watcher_notice(launch->watcher, "project %s forbids syscall interception: it is left out", project);
}

bool launch_own(struct incus *client, struct prepared *prepared, struct error *err) {
    const struct launch_request *request = prepared->request;
    bool needed = request->shell || !settings_bool(request->settings, SETTING_PERSISTENT);
    if (needed && !prepared->owner)
        prepared->owner = owner_new(client, prepared->prefix, err);
    return !needed || prepared->owner;
}

bool launch_new(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                struct plan *plan, struct error *err) {
    struct launch launch = {client, prepared, watcher, plan};
    if (!launch_own(client, prepared, err))
        return false;
    say_left_out(&launch);
    bool good = network_up(client, &prepared->network, err) && attempt(&launch, err);
    if (!good && network_is_gone(&prepared->network, err)) {
        error_done(err);
        good = network_up(client, &prepared->network, err) && attempt(&launch, err);
    }
    if (!good && plan->decision.shift && failure_is_shift(err))
        good = without_shift(&launch, err);
    if (good && prepared->decision.reason == IDMAP_IDS_UNKNOWN)
        good = by_looking(&launch, err);
    bool undelegated = !good && failure_is_undelegated(&prepared->facts, &prepared->decision, err);
    if (!good && says(err, WORDS_NO_RANGE))
        good = without_isolation(&launch, "no range of that size is free", err);
    else if (!good && !undelegated && says(err, "forkstart") && says(err, WORDS_MAP_FAILED))
        good = without_isolation(&launch, "its range is not delegated", err);
    loop_interruptible(incus_loop(client), false);
    if (!good)
        failure_explain(plan, err);
    return good;
}
