/*
 * Attackers: what somebody inside a session tries to get at what the guard protects, each at a repository
 * of its own in one workspace; and whether the host would run it afterwards.
 */
#pragma once

#include "tests/harness/harness.h"

struct attack {
    const char *name;
    const char *line; /* of sh, in the repository; "evil DIR" puts a hook into the repository's DIR */
};
extern const struct attack attacks[];
extern const size_t attack_count;

enum outcome {
    OUTCOME_HELD, /* nothing that the host would run */
    OUTCOME_SEEN, /* something, and berth guard names it */
    OUTCOME_LOST, /* something, and nobody says so */
};
extern const char *const outcome_names[];

/* A workspace with a repository for each attack, owned by these ids, on one of new_folder()'s filesystems.
 */
char *attack_workspace(const char *filesystem, uid_t uid, gid_t gid);
/*
 * Lets all of them be tried in one session by `actor` ("code", or "sudo" in front of each line), with these
 * flags of run's (up to NULL), and looks. `outcomes` has attack_count items.
 */
void attack_all(const struct how *how, const char *workspace, const char *actor, const char *const *flags,
                enum outcome *outcomes);
