/*
 * What the daemon's project allows
 * (https://linuxcontainers.org/incus/docs/main/reference/projects/, "restricted").
 */
#pragma once

#include "incus/client.h"

#include <stdint.h>

/* All zero, with name NULL: it does not restrict. */
struct project {
    char *name;
    bool restricted;
    bool raw_idmap;    /* any raw.idmap: low-level options are allowed */
    char *uids, *gids; /* of the host, that raw.idmap may name: "1001", "1000-1010,2000" */
    bool disks;        /* directories of the host may be mounted … */
    char *paths;       /* … below these, with commas between; "": anywhere */
    bool interception, nesting, proxies;
    bool lowlevel;  /* raw.apparmor and the like */
    char *networks; /* that may be used, with commas between; "": all */
};
void project_done(struct project *project);

/*
 * Adds a network to those that a restricted project may use; one that is among them, or a project that may
 * use all, is left as it is. Takes an administrator.
 */
bool project_allow_network(struct incus *client, const char *project, const char *network,
                           struct error *err) nodiscard;

/* Reads the metadata of GET /1.0/projects/NAME; NULL: it does not restrict. */
void project_read(const json_t *metadata, struct project *project);

bool project_allows_uid(const struct project *project, uint32_t uid);
bool project_allows_gid(const struct project *project, uint32_t gid);
/* Whether this directory may be mounted: by the letters, as the daemon compares them. */
bool project_allows_source(const struct project *project, const char *path);
