/*
 * The guard as it is seen inside a container that runs: whether each mount is there, and is what the plan
 * meant it to be, although somebody may have changed the workspace meanwhile; and whether root inside can
 * take one away. What holds is never assumed.
 */
#pragma once

#include "incus/client.h"
#include "launch/plan.h"
#include "launch/watcher.h"

/* The variable that SEEN_MOUNTS reads; its value is plan->expected. */
#define SEEN_VARIABLE "BERTH_GUARD"
/* sh's words for "all mounts are as they should be"; nothing but the variable goes into them. */
extern const char seen_mounts[];
/* plan->environment with the variable in it. A new reference. */
json_t *seen_environment(const struct plan *plan) nodiscard;

/* Looks at the mounts alone. An error says that one is not as planned. */
bool seen_verify(struct incus *client, const struct plan *plan, const struct launch_watcher *watcher,
                 struct error *err) nodiscard;

/* Whether plan_add_no_root() has its effect there; an error names what is missing. */
bool seen_no_root(struct incus *client, const struct plan *plan, struct error *err) nodiscard;

/*
 * Whether root inside is kept from unmounting the plan's probe: tried, in a mount namespace of its own, so
 * that nothing is lost where it can. False too where it cannot be told.
 */
bool seen_against_root(struct incus *client, const char *name, const char *probe);
