/*
 * Snapshots of instances: their root filesystem and their configuration, as they were at one moment
 * (https://linuxcontainers.org/incus/docs/main/howto/instances_backup/). Disks that are mounted into the
 * instance, /workspace among them, are not in it.
 */
#pragma once

#include "incus/client.h"
#include "incus/operation.h"

struct snapshot {
    char *name;
    int64_t created; /* seconds of the epoch */
    bool stateful;   /* with the processes' memory */
};

struct snapshots {
    struct snapshot *items; /* oldest first */
    size_t count;
};
void snapshots_done(struct snapshots *snapshots);
/* Reads the daemon's answer to GET …/snapshots?recursion=1; `snapshots` is empty. */
void snapshots_read(const json_t *list, struct snapshots *snapshots);
/* Lent; NULL if there is none of this name. */
const struct snapshot *snapshots_find(const struct snapshots *snapshots, const char *name);

/* What to ask for the list (struct question). Caller owns. */
char *snapshot_list_path(const char *instance) nodiscard;
bool snapshot_list(struct incus *client, const char *instance, struct snapshots *snapshots,
                   struct error *err) nodiscard;

/*
 * Takes one; an instance that runs goes on running. `stateful`: its processes' memory too, which for
 * containers takes CRIU on the daemon's machine. `progress` may be NULL.
 */
bool snapshot_create(struct incus *client, const char *instance, const char *name, bool stateful,
                     progress_fn *progress, void *data, struct error *err) nodiscard;
bool snapshot_delete(struct incus *client, const char *instance, const char *name,
                     struct error *err) nodiscard;
bool snapshot_rename(struct incus *client, const char *instance, const char *name, const char *to,
                     struct error *err) nodiscard;
/*
 * The instance becomes what the snapshot was, its configuration and devices included; the daemon stops one
 * that runs for that, and starts it again.
 */
bool snapshot_restore(struct incus *client, const char *instance, const char *name, progress_fn *progress,
                      void *data, struct error *err) nodiscard;

/*
 * The configuration for an instance that was just restored or copied: `wanted`, but what the daemon itself
 * notes of its files (volatile.*, image.*) as it is in `has`. A new reference.
 */
json_t *snapshot_config(const json_t *wanted, const json_t *has) nodiscard;
/* Whether a key is one of those that the daemon notes of an instance's files. */
bool snapshot_config_is_kept(const char *key);
