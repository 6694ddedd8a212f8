#include "launch/owner.h"

#include "base/lock.h"
#include "base/path.h"
#include "incus/await.h"
#include "launch/label.h"
#include "launch/reaper.h"
#include "record/record.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

/* How long the reaper tries, and how often. */
#define GUARD_PATIENCE_MS 60000
#define GUARD_RETRY_MS    200
/* What the daemon was just asked for may not be listed yet when our process dies. */
#define GUARD_SETTLE_MS 3000

/* What the reaper is told before an end that was wanted; an operation's path stands behind it. */
#define LEFT 'w'

struct owner {
    struct lock *lock; /* holds the name */
    int reaper;        /* to the reaper (launch/reaper.h) */
    char *label;
};

/* The lock that an owner holds. Caller owns. */
static char *lock_of(const char *id) {
    return str_printf("owner-%s", id);
}

static bool is_held(const char *id) {
    _cleanup_free_ char *name = lock_of(id);
    return lock_is_held(name);
}

/* The first word of a file; "" if there is none. Caller owns. */
static char *word_of(const char *file) {
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (!path_read(file, &content, &ignored) || !content.data)
        return str_copy("");
    return str_copy_n(content.data, strcspn(content.data, " \n:"));
}

/* "UID:MACHINE:BOOT:NETWORK:" of this process. Caller owns. */
static char *place(void) {
    struct stat network;
    _cleanup_free_ char *machine = word_of("/etc/machine-id"),
                        *boot = word_of("/proc/sys/kernel/random/boot_id");
    unsigned long inode = stat("/proc/self/ns/net", &network) == 0 ? network.st_ino : 0;
    return str_printf("%u:%s:%s:%lu:", getuid(), machine, boot, inode);
}

bool owner_is_dead(const char *label, bool running) {
    _cleanup_free_ char *ours = place(), *copy = str_copy(label), *here = str_copy(ours);
    char *theirs[5] = {0}, *mine[5] = {0}, *rest = copy, *rest_here = here;
    for (int i = 0; i < 5; i++) {
        theirs[i] = strsep(&rest, ":");
        mine[i] = strsep(&rest_here, ":");
        if (!theirs[i])
            return false;
    }
    if (!str_equal(theirs[0], mine[0]) || !*theirs[1] || !str_equal(theirs[1], mine[1]))
        return false;
    /* nothing that runs is older than the machine's start: such a one is another machine's after all */
    if (!str_equal(theirs[2], mine[2]))
        return !running;
    return str_equal(theirs[3], mine[3]) && !is_held(theirs[4]);
}

bool owner_orphaned(const struct instance *instance) {
    const char *label = instance_config(instance, LABEL_OWNER);
    return *label && instance->ephemeral &&
           str_equal(instance_config(instance, LABEL_PERSISTENT), "false") &&
           owner_is_dead(label, !str_equal(instance->status, "Stopped"));
}

bool owner_remove_orphan(struct incus *client, const char *name, const char *status, struct error *err) {
    /* the daemon deletes an ephemeral one when it has stopped; one that never started is deleted */
    if (!str_equal(status, "Stopped"))
        return instance_ask(client, name, "stop", true, NULL, err);
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    return incus_request(client, "DELETE", path, NULL, NULL, err);
}

static void asked(void *data, const struct reply *reply, struct error *err) {
    (void)data, (void)reply, (void)err; /* another berth was faster, or the next one does it */
}

static void looked(void *data, const struct reply *reply, struct error *err) {
    struct incus *client = data;
    _cleanup_(instance_done) struct instance instance = {0};
    (void)err;
    if (!reply || !instance_read(&instance, reply->metadata) || !owner_orphaned(&instance))
        return;
    bool stopped = str_equal(instance.status, "Stopped");
    _cleanup_free_ char *path =
        incus_path(NULL, "instances", instance.name, stopped ? NULL : "state", NULL);
    _cleanup_json_ json_t *body = json_pack("{s:s, s:b, s:i}", "action", "stop", "force", 1, "timeout", -1);
    incus_call(client, stopped ? "DELETE" : "PUT", path, stopped ? NULL : body, asked, NULL);
}

void owner_check(struct incus *client, const char *name) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    incus_call(client, "GET", path, NULL, looked, client);
}

struct reapering {
    struct incus *client;
    const char *label;
    struct strings found, others; /* what is listed: ours, and not */
    struct strings pending;       /* ours that were there at the last look, and could not be removed */
    bool unseen;                  /* some did not say what they are */
};

static void find(void *data, const struct instance *instance) {
    struct reapering *reapering = data;
    bool ours = str_equal(instance_config(instance, LABEL_OWNER), reapering->label);
    reapering->unseen |= instance_unseen(instance);
    strings_add(ours ? &reapering->found : &reapering->others, instance->name);
}

/*
 * The records of those that went by themselves between two looks: the daemon deletes an ephemeral one.
 * A name that somebody else has by now is left alone, and so is its record.
 */
static void forget_gone(const struct reapering *reapering) {
    for (size_t i = 0; i < reapering->pending.count; i++) {
        const char *name = reapering->pending.items[i];
        if (!strings_has(&reapering->found, name) && !strings_has(&reapering->others, name))
            records_forget(incus_remote(reapering->client), name);
    }
}

/* One look: true if nothing (more) is there. */
static bool sweep(struct reapering *reapering, const char *pattern) {
    _cleanup_(error_done) struct error err = {0};
    strings_done(&reapering->found);
    strings_done(&reapering->others);
    reapering->unseen = false;
    if (!instance_each(reapering->client, pattern, find, reapering, &err))
        return false;
    forget_gone(reapering);
    strings_done(&reapering->pending);
    for (size_t i = 0; i < reapering->found.count; i++) {
        _cleanup_(error_done) struct error removing = {0};
        if (instance_destroy(reapering->client, reapering->found.items[i], &removing))
            records_forget(incus_remote(reapering->client), reapering->found.items[i]);
        else
            strings_add(&reapering->pending, reapering->found.items[i]);
    }
    return reapering->found.count == 0 && !reapering->unseen;
}

static void reapering_done(struct reapering *reapering) {
    strings_done(&reapering->found);
    strings_done(&reapering->others);
    strings_done(&reapering->pending);
}

/* Until nothing has been there for a while: what was asked for last may come late. */
static void sweep_all(struct incus *client, const char *prefix, const char *label) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *pattern = str_printf("^%s.*", prefix);
    _cleanup_(reapering_done) struct reapering reapering = {.client = client, .label = label};
    int64_t begin = loop_now(), clean_since = begin;
    for (int64_t now = begin; now - begin < GUARD_PATIENCE_MS && now - clean_since < GUARD_SETTLE_MS;) {
        bool clean = sweep(&reapering, pattern);
        now = loop_now();
        if (!clean)
            clean_since = now;
        if (!loop_pause(incus_loop(client), GUARD_RETRY_MS, &err))
            break;
    }
}

/* Whether the operation came to a good end under the daemon's eyes. */
static bool await_good_end(struct incus *client, const char *path) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *operation = NULL;
    return await_operation(client, path, &operation, &err) &&
           str_equal(json_string_value(json_object_get(operation, "status")), "Success");
}

struct owned {
    const char *prefix, *label;
};

/* `words`: what the parent said at last. */
static void after_parent(struct incus *client, const char *words, const void *data) {
    const struct owned *owned = data;
    if (words[0] != LEFT || !await_good_end(client, words + 1))
        sweep_all(client, owned->prefix, owned->label);
}

static void new_id(char *id, size_t room) {
    uint64_t random[2] = {(uint64_t)getpid(), (uint64_t)loop_now()};
    (void)!getrandom(random, sizeof random, 0);
    snprintf(id, room, "%016llx%016llx", (unsigned long long)random[0], (unsigned long long)random[1]);
}

struct owner *owner_new(struct incus *client, const char *prefix, struct error *err) {
    char id[33];
    new_id(id, sizeof id);
    _cleanup_free_ char *name = lock_of(id);
    struct lock *lock = lock_take(name);
    if (!lock) {
        error_errno(err, errno, "nothing was launched: cannot take a name for its owner");
        return NULL;
    }
    _cleanup_free_ char *where = place();
    struct owner *owner = mem_new(sizeof *owner);
    *owner = (struct owner){lock, -1, str_printf("%s%s", where, id)};
    const struct owned owned = {prefix, owner->label};
    owner->reaper = reaper_start(client, lock_descriptor(lock), after_parent, &owned);
    if (owner->reaper >= 0)
        return owner;
    error_errno(err, errno, "nothing was launched: cannot start its reaper");
    owner_abandon(owner);
    return NULL;
}

const char *owner_label(const struct owner *owner) {
    return owner->label;
}

static void part(struct owner *owner) {
    lock_release(owner->lock);
    free(owner->label);
    free(owner);
}

void owner_abandon(struct owner *owner) {
    if (!owner)
        return;
    if (owner->reaper >= 0)
        close(owner->reaper);
    part(owner);
}

void owner_release(struct owner *owner) {
    if (!owner)
        return;
    reaper_release(owner->reaper);
    part(owner);
}

void owner_leave(struct owner *owner, const char *operation) {
    _cleanup_free_ char *words = str_printf("%c%s", LEFT, operation);
    if (owner)
        reaper_tell(owner->reaper, words);
    owner_abandon(owner);
}
