#include "incus/snapshot.h"

#include "base/time.h"

#include <string.h>

void snapshots_done(struct snapshots *snapshots) {
    for (size_t i = 0; i < snapshots->count; i++)
        free(snapshots->items[i].name);
    free(snapshots->items);
    *snapshots = (struct snapshots){0};
}

static int older_first(const void *a, const void *b) {
    const struct snapshot *one = a, *other = b;
    return one->created != other->created
               ? (one->created > other->created) - (one->created < other->created)
               : strcmp(one->name, other->name);
}

void snapshots_read(const json_t *list, struct snapshots *snapshots) {
    size_t index;
    const json_t *item;
    snapshots->items = mem_new((json_array_size(list) + 1) * sizeof *snapshots->items);
    json_array_foreach(list, index, item) {
        /* older daemons name it INSTANCE/SNAPSHOT */
        const char *name = json_str_at(item, "name"), *slash = strrchr(name, '/');
        if (!*name)
            continue;
        snapshots->items[snapshots->count++] =
            (struct snapshot){.name = str_copy(slash ? slash + 1 : name),
                              .created = time_epoch(json_str_at(item, "created_at")),
                              .stateful = json_bool_at(item, "stateful")};
    }
    qsort(snapshots->items, snapshots->count, sizeof *snapshots->items, older_first);
}

const struct snapshot *snapshots_find(const struct snapshots *snapshots, const char *name) {
    for (size_t i = 0; i < snapshots->count; i++)
        if (str_equal(snapshots->items[i].name, name))
            return &snapshots->items[i];
    return NULL;
}

char *snapshot_list_path(const char *instance) {
    return incus_path("recursion=1", "instances", instance, "snapshots", NULL);
}

bool snapshot_list(struct incus *client, const char *instance, struct snapshots *snapshots,
                   struct error *err) {
    _cleanup_json_ json_t *list = NULL;
    _cleanup_free_ char *path = snapshot_list_path(instance);
    if (!incus_request(client, "GET", path, NULL, &list, err))
        return false;
    snapshots_read(list, snapshots);
    return true;
}

bool snapshot_create(struct incus *client, const char *instance, const char *name, bool stateful,
                     progress_fn *progress, void *data, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", instance, "snapshots", NULL);
    _cleanup_json_ json_t *body = json_pack("{s:o, s:b}", "name", json_text(name), "stateful", stateful);
    return operation_run(client, "POST", path, body, progress, data, NULL, err);
}

bool snapshot_delete(struct incus *client, const char *instance, const char *name, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", instance, "snapshots", name, NULL);
    return operation_run(client, "DELETE", path, NULL, NULL, NULL, NULL, err);
}

bool snapshot_rename(struct incus *client, const char *instance, const char *name, const char *to,
                     struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", instance, "snapshots", name, NULL);
    _cleanup_json_ json_t *body = json_pack("{s:o}", "name", json_text(to));
    return operation_run(client, "POST", path, body, NULL, NULL, NULL, err);
}

bool snapshot_restore(struct incus *client, const char *instance, const char *name, progress_fn *progress,
                      void *data, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", instance, NULL);
    _cleanup_json_ json_t *body = json_pack("{s:o}", "restore", json_text(name));
    return operation_run(client, "PUT", path, body, progress, data, NULL, err);
}

/* What the daemon notes of the files themselves, and where they came from. */
bool snapshot_config_is_kept(const char *key) {
    return str_starts(key, "volatile.") || str_starts(key, "image.");
}

json_t *snapshot_config(const json_t *wanted, const json_t *has) {
    json_t *config = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)wanted, key, value) {
        if (!snapshot_config_is_kept(key))
            json_object_set(config, key, value);
    }
    json_object_foreach((json_t *)has, key, value) {
        if (snapshot_config_is_kept(key))
            json_object_set(config, key, value);
    }
    return config;
}
