/* Whose the entries of a workspace are, counted by a walk that ends somewhere. Nothing is followed or
 * changed. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

#define OWNERS_MOST 32 /* different ones that are told apart */

struct owner_count {
    uid_t uid;
    gid_t gid;
    size_t count;
    char *example; /* the first that was met, below the workspace; "." is the workspace itself */
};

struct owners {
    struct owner_count items[OWNERS_MOST]; /* in the order in which they were met */
    size_t count;
    size_t entries; /* that were looked at, the workspace itself among them */
    bool complete;  /* there are no more */
};
void owners_done(struct owners *owners);

/*
 * Looks at `limit` entries at most, those at the top first, and does not leave the filesystem of `path`.
 * What cannot be read is passed over. `owners` is empty.
 */
void owners_count(const char *path, size_t limit, struct owners *owners);
