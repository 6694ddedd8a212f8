/* Does a running container have the mapping that was predicted? */
#pragma once

#include "incus/instance.h"
#include "launch/plan.h"
#include "launch/watcher.h"

/*
 * What the daemon made of the plan: profiles are expanded only there, and whatever they say, nothing
 * runs in a privileged container, or in one with raw.idmap beside shift.
 */
bool verify_expanded(struct incus *client, const struct plan *plan, struct error *err) nodiscard;
/* The same of an instance that was read already. */
bool verify_instance(const struct instance *instance, const struct plan *plan, struct error *err) nodiscard;
/* The part of this that holds for any container, whoever made it. */
bool verify_instance_safe(const struct instance *instance, struct error *err) nodiscard;

/*
 * Compares, as the code user inside, owner and writability of /workspace with the plan's prediction.
 * Begun here, so that other calls can go on beside it; verify_end() waits and tells a difference as an
 * error that names both; and the guard's mounts (seen.h). It tells `watcher` as well whether the image has
 * the user (fit.h).
 */
struct verification;
struct verification *verify_begin(struct incus *client, const struct plan *plan) nodiscard;
bool verify_end(struct verification *verification, const struct launch_watcher *watcher,
                struct error *err) nodiscard;
void verification_free(struct verification *verification);
static inline void verification_cleanup(struct verification **verification) {
    verification_free(*verification);
}

/*
 * The same as a condition in sh's words, for who runs a command inside anyhow; NULL where the
 * prediction cannot be asked for like that. It looks at the guard's mounts too, and wants
 * seen_environment(). Caller owns.
 */
char *verify_condition(const struct plan *plan) nodiscard;
/*
 * The same for a command's own gate (struct exec_request), whose argument is plan->expected. What it does
 * not see to be so verify_slowly() has to look at.
 */
char *verify_gate(const struct plan *plan) nodiscard;
/* All of it again, step by step, with an error that names the difference. */
bool verify_slowly(struct incus *client, const struct plan *plan, const struct launch_watcher *watcher,
                   struct error *err) nodiscard;

/* The error for a profile's device with shift=true in a container with raw.idmap. */
bool verify_shift_beside_raw(const char *device, const char *name, struct error *err);
