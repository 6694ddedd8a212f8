/*
 * Gathers the facts of this host. The daemon's features come from the caller: this room does not
 * know the daemon.
 */
#pragma once

#include "idmap/idmap.h"

/* Another machine, on which it is to be. */
struct facts_there {
    const char *machine;    /* its name */
    bool elsewhere;         /* the workspace is its directory, not one that this host has too */
    enum idmap_source from; /* IDMAP_FROM_NOWHERE: `ids` are not known */
    struct idmap_ids ids;
};

/* What the caller knows and this host does not tell. */
struct facts_input {
    const struct facts_there *there; /* NULL: it is this host */
    struct idmap_ids code;
    bool disable_shift;
    enum idmap_answer daemon_ok;
};

/*
 * Facts of a directory. `workspace` is absolute; an error says what is wrong with it. The
 * environment's SUDO_UID and SUDO_GID are believed only where the process runs as root: there, sudo
 * set them, or root did. Of another machine nothing is read that only that one has; a directory of its own
 * is not looked at at all, and taken to be its owner's, and writable for him.
 */
bool facts_gather(const char *workspace, const struct facts_input *input, struct idmap_facts *facts,
                  struct error *err) nodiscard;

/*
 * The host's ids, from the process's own, what sudo left (NULL where it left nothing) and the
 * workspace's owner: pure, for the tests' sake.
 */
struct idmap_ids facts_host_ids(struct idmap_ids process, const char *sudo_uid, const char *sudo_gid,
                                struct idmap_ids owner, enum idmap_source *source);

/* The filesystem of `path` and whether it takes idmapped mounts; for extra mounts. */
bool facts_filesystem(const char *path, char *type, size_t room, enum idmap_answer *mount_ok,
                      struct error *err) nodiscard;
