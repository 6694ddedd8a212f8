#include "launch/claim.h"

#include "base/lock.h"
#include "guard/devices.h"
#include "launch/held.h"
#include "launch/label.h"
#include "launch/launch.h"
#include "launch/prepare.h"
#include "launch/verify.h"
#include "network/up.h"
#include "workspace/name.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

void standby_found_done(struct standby_found *found) {
    instance_done(&found->instance);
    free(found->etag);
    lock_release(found->lock);
    *found = (struct standby_found){0};
}

static const char *choose(const struct prepared *prepared, const struct strings *tried) {
    const struct strings *names = &prepared->taken;
    const char *chosen = NULL;
    unsigned int count = 0;
    for (size_t i = 0; i < names->count; i++) {
        unsigned int random = 0;
        if (!str_starts(names->items[i], prepared->kind->stem) || strings_has(tried, names->items[i]))
            continue;
        (void)!getrandom(&random, sizeof random, 0);
        chosen = random % ++count == 0 ? names->items[i] : chosen;
    }
    return chosen;
}

/* NULL: somebody is about to claim it. */
static struct lock *lock_of(const struct incus *client, const char *name) {
    _cleanup_free_ char *which =
        str_printf("%s\n%s\n%s", incus_address(client), incus_project(client), name);
    _cleanup_free_ char *lock = lock_name("standby", which);
    return lock_take(lock);
}

/* Gone, or to go without having served a run: nobody will ask for another in its place. */
static bool is_useless(const struct instance *instance, const struct standby_kind *kind) {
    return !instance->json || standby_stale(instance, kind, time(NULL));
}

bool claim_find(struct incus *client, const struct prepared *prepared, struct strings *tried,
                struct standby_found *found) {
    for (const char *name; (name = choose(prepared, tried));) {
        _cleanup_(error_done) struct error gone = {0};
        strings_add(tried, name);
        standby_found_done(found);
        found->lock = lock_of(client, name);
        if (!found->lock)
            continue;
        if (instance_get_tagged(client, name, &found->instance, &found->etag, &gone) &&
            standby_is_ready(&found->instance, prepared->kind, time(NULL)))
            return true;
        if (gone.class == ERROR_CANCELLED)
            break;
        prepared->kind->useless += is_useless(&found->instance, prepared->kind);
    }
    standby_found_done(found);
    return false;
}

/*
 * $1 is bound over $2, read-only if $3 says so, and so on. A bind of a shared mount is one of its peers:
 * what is mounted in it would appear in the mount beneath, too (mount_namespaces(7)). Hence private.
 */
static const char bind_script[] = "while [ $# -ge 3 ]; do\n"
                                  "mount -o bind \"$1\" \"$2\" && mount --make-private \"$2\" || exit 1\n"
                                  "[ \"$3\" = rw ] || mount -o remount,bind,ro \"$2\" || exit 1\n"
                                  "shift 3; done\n"
                                  "[ ! -d " GUARD_EMPTY " ] || umount " GUARD_EMPTY;

/* *held NULL: nothing is to be bound. */
static bool begin_binds(struct incus *client, const struct prepared *prepared, const struct plan *plan,
                        struct held **held, struct error *err) {
    _cleanup_(strings_done) struct strings binds = {0}, command = {0};
    if (!guard_binds(&prepared->guard, &binds))
        return error_set(err, ERROR_FAILED, "what is guarded cannot be mounted while %s runs", plan->name);
    strings_add_all(&command, "sh", "-c", bind_script, "sh", NULL);
    for (size_t i = 0; i < binds.count; i++)
        strings_add(&command, binds.items[i]);
    if (binds.count)
        *held = held_begin(client, plan->name, &(struct exec_request){.command = command.items});
    return true;
}

static bool end_binds(struct held *held, const struct plan *plan, struct error *err) {
    int status = -1;
    if (!held)
        return true;
    if (!held_answer(held, &status, err))
        return false;
    return status == 0 || error_set(err, ERROR_FAILED, "the guard could not be mounted in %s", plan->name);
}

static void forget(struct prepared *prepared, const struct launch_watcher *watcher) {
    str_set(&prepared->standby, NULL);
    if (watcher->lost)
        watcher->lost(watcher->data);
}

/* Sends the claim; what is to be run next is started meanwhile. False: it is not ours. */
static bool claim(struct incus *client, struct prepared *prepared, const struct standby_found *found,
                  const struct launch_watcher *watcher, const struct plan *plan, struct error *err) {
    _cleanup_json_ json_t *body = json_pack("{s:o, s:o}", "config", standby_config(&found->instance, plan),
                                            "devices", standby_devices(prepared, plan));
    if (watcher->claimed)
        watcher->claimed(watcher->data, plan);
    return instance_patch_if(client, plan->name, found->etag, body, err);
}

/* A request that failed, or was not answered, may have been taken: what then is ours goes. */
static bool undo(struct incus *client, const struct plan *plan, struct error *err) {
    _cleanup_(error_done) struct error undoing = {0};
    if (!launch_undo(client, plan, &undoing))
        error_also(err, &undoing);
    return false;
}

bool claim_take(struct incus *client, struct prepared *prepared, const struct standby_found *found,
                const struct launch_watcher *watcher, struct plan *plan, struct error *err) {
    struct loop *loop = incus_loop(client);
    _cleanup_(held_cleanup) struct held *binds = NULL;
    unsigned int slot = prepared->slot;
    if (!launch_own(client, prepared, err) || !network_up(client, &prepared->network, err))
        return false;
    str_set(&prepared->standby, found->instance.name);
    (void)!name_parse(prepared->prefix, found->instance.name, &prepared->slot);
    plan_done(plan);
    prepare_plan(prepared, plan);
    loop_interruptible(loop, false); /* what the daemon has begun is waited for, then undone */
    bool good = verify_instance(&found->instance, plan, err) &&
                begin_binds(client, prepared, plan, &binds, err) &&
                ((claim(client, prepared, found, watcher, plan, err) && end_binds(binds, plan, err) &&
                  !loop_cancelled(loop, err)) ||
                 undo(client, plan, err));
    if (!good) {
        forget(prepared, watcher);
        prepared->slot = slot;
    }
    loop_interruptible(loop, true);
    return good;
}

bool claim_retire(struct incus *client, const struct standby_found *found, struct error *err) {
    const struct instance *instance = &found->instance;
    _cleanup_json_ json_t *body = json_pack("{s:{s:s}}", "config", LABEL_LAUNCH, STANDBY_RETIRED);
    _cleanup_free_ char *path = incus_path(NULL, "instances", instance->name, NULL);
    if (!instance_patch_if(client, instance->name, found->etag, body, err))
        return false;
    return str_equal(instance->status, "Stopped")
               ? incus_request(client, "DELETE", path, NULL, NULL, err)
               : instance_ask(client, instance->name, "stop", true, NULL, err);
}
