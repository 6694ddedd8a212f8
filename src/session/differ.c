#include "session/differ.h"

#include "incus/instance.h"
#include "incus/walk.h"
#include "launch/label.h"
#include "launch/owner.h"
#include "workspace/name.h"

#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

void differ_done(struct differ *differ) {
    strings_done(&differ->lines);
    *differ = (struct differ){0};
}

/* What is no file of the container's: the kernel's own, what lives in memory, and every mount. */
static void find_skipped(const struct instance *instance, struct strings *skip) {
    const char *name;
    json_t *device;
    strings_add_all(skip, "/proc", "/sys", "/dev", "/run", "/workspace", NULL);
    json_object_foreach((json_t *)instance->devices, name, device) {
        const char *path = json_get_str(device, "path");
        if (str_equal(json_get_str(device, "type"), "disk") && !str_equal(path, "/"))
            strings_add(skip, path);
    }
}

/* A container of the snapshot's files and nothing else: no devices but its disk, and it is never started.
 */
static json_t *make_body(const struct instance *instance, const char *name, const char *source,
                         const char *owner) {
    json_t *devices = json_object();
    const char *key;
    json_t *device;
    json_object_foreach((json_t *)instance->devices, key, device) {
        bool root =
            str_equal(json_get_str(device, "type"), "disk") && str_equal(json_get_str(device, "path"), "/");
        if (!root)
            json_object_set_new(devices, key, json_pack("{s:s}", "type", "none"));
    }
    return json_pack("{s:s, s:s, s:{s:s, s:s, s:b}, s:b, s:b, s:{s:s, s:s}, s:o}", "name", name, "type",
                     "container", "source", "type", "copy", "source", source, "instance_only", 1,
                     "ephemeral", 1, "start", 0, "config", LABEL_OWNER, owner, LABEL_PERSISTENT, "false",
                     "devices", devices);
}

static bool is_same(const struct sftp_entry *then, const struct sftp_entry *now) {
    bool directory = S_ISDIR(now->mode);
    return then->mode == now->mode && then->uid == now->uid && then->gid == now->gid &&
           (directory || (then->size == now->size && then->mtime == now->mtime));
}

static void add_line(struct differ *differ, size_t limit, char sign, const char *path, size_t within) {
    if (differ->lines.count >= limit) {
        differ->more++;
        return;
    }
    _cleanup_free_ char *shown = str_shown(path);
    if (within)
        strings_printf(&differ->lines, "%c %s/ (%zu within)", sign, shown, within);
    else
        strings_printf(&differ->lines, "%c %s", sign, shown);
}

/* How many of the entries behind the one at `at` lie below it: they follow it. */
static size_t count_below(const struct sftp_entries *entries, size_t at) {
    const char *path = entries->items[at].path;
    size_t length = strlen(path), end = at + 1;
    for (; end < entries->count && str_starts(entries->items[end].path, path); end++)
        if (entries->items[end].path[length] != '/')
            break;
    return end - at - 1;
}

/* One that is on one side alone, and with it all that is below it; returns where to go on. */
static size_t add_whole(const struct sftp_entries *entries, size_t at, size_t limit, char sign,
                        struct differ *differ) {
    size_t within = count_below(entries, at);
    add_line(differ, limit, sign, entries->items[at].path, within);
    return at + 1 + within;
}

/* Both are sorted. */
static void merge(const struct sftp_entries *then, const struct sftp_entries *now,
                  const struct strings *skip, size_t limit, struct differ *differ) {
    for (size_t i = 0, j = 0; i < then->count || j < now->count;) {
        int order = i == then->count  ? 1
                    : j == now->count ? -1
                                      : sftp_path_order(then->items[i].path, now->items[j].path);
        if (order < 0) {
            i = add_whole(then, i, limit, '-', differ);
        } else if (order > 0) {
            j = add_whole(now, j, limit, '+', differ);
        } else {
            const struct sftp_entry *one = &then->items[i++], *other = &now->items[j++];
            if (!is_same(one, other) && !strings_has(skip, one->path))
                add_line(differ, limit, '~', one->path, 0);
        }
    }
}

static bool walk_both(struct incus *client, const struct instance *instance, const char *copy, size_t limit,
                      struct differ *differ, struct error *err) {
    _cleanup_(strings_done) struct strings skip = {0};
    _cleanup_(sftp_entries_done) struct sftp_entries then = {0}, now = {0};
    find_skipped(instance, &skip);
    if (!instance_walk(client, copy, &skip, DIFFER_MOST, &then, err) ||
        !instance_walk(client, instance->name, &skip, DIFFER_MOST, &now, err))
        return false;
    merge(&then, &now, &skip, limit, differ);
    return true;
}

bool differ_load(struct incus *client, const char *session, const char *snapshot, size_t limit,
                 progress_fn *progress, void *data, struct differ *differ, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    uint32_t random = 0;
    const char *prefix = name_prefix(err);
    if (!prefix || !instance_get(client, session, &instance, err))
        return false;
    struct owner *owner = owner_new(client, prefix, err);
    if (!owner)
        return false;
    (void)!getrandom(&random, sizeof random, 0);
    const char *location = json_str_at(instance.json, "location");
    _cleanup_free_ char *copy = str_printf("%sdiff-%08x", prefix, random),
                        *source = str_printf("%s/%s", session, snapshot),
                        *path = instance_create_path(*location && !str_equal(location, "none") ? location
                                                                                               : NULL);
    _cleanup_json_ json_t *body = make_body(&instance, copy, source, owner_label(owner));
    _cleanup_(error_done) struct error removing = {0};
    loop_interruptible(incus_loop(client), false);
    bool made = operation_run(client, "POST", path, body, progress, data, NULL, err);
    loop_interruptible(incus_loop(client), true);
    bool good = made && walk_both(client, &instance, copy, limit, differ, err);
    loop_interruptible(incus_loop(client), false);
    bool removed = instance_destroy(client, copy, &removing);
    loop_interruptible(incus_loop(client), true);
    if (!removed) {
        owner_abandon(owner);
        return false;
    }
    owner_release(owner);
    return good;
}
