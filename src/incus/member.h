/* Members of a cluster (https://linuxcontainers.org/incus/docs/main/explanation/clustering/). */
#pragma once

#include "incus/client.h"

struct member {
    char *name;
    char *status;  /* "Online", "Offline", "Evacuated" */
    char *message; /* the cluster's words for that */
    struct strings groups;
    /* Of its state; `answered` is false where it did not say so in time. */
    bool answered;
    int64_t memory_free, memory_total; /* bytes */
    double load;                       /* of the last minute, processes */
    int64_t pool_free; /* bytes, of the pool that was asked about; -1: it has none of that name */
};
struct members {
    struct member *items;
    size_t count;
};
void members_done(struct members *members);

/* GET /1.0/cluster/members. */
char *members_path(void) nodiscard;
void members_read(const json_t *metadata, struct members *members);
const struct member *members_find(const struct members *members, const char *name);

/*
 * Asks those that are online for their state, all at once, and waits two seconds: one that hangs keeps
 * nobody. `pool` is the one whose room is of interest.
 */
bool members_load(struct incus *client, struct members *members, const char *pool,
                  struct error *err) nodiscard;
/* The path of one member's state, and what is in the answer. */
char *member_state_path(const char *name) nodiscard;
void member_read_state(struct member *member, const json_t *metadata, const char *pool);

/* How long somebody else's machine is waited for. */
#define MEMBER_PATIENCE_MS 2000
