/*
 * The guard on a launch's way: found with the facts, noted before the instance is made, seen in force once
 * it runs, and settled when it has ended (guard/check.h).
 */
#pragma once

#include "incus/project.h"
#include "launch/plan.h"
#include "launch/prepared.h"
#include "launch/watcher.h"

/* What is to be guarded in the workspace and the mounts, which are there already. Asks nobody. */
bool guarding_find(struct prepared *prepared, struct error *err) nodiscard;
/*
 * Adds to `mounts` what the guard mounts of its own, a linked worktree's repository, since its filesystem
 * decides with the others; `project` NULL: whatever it allows.
 */
void guarding_disks(const struct guard *guard, const struct project *project, struct mounts *mounts);
/* The same for a workspace that nothing is launched in; a guard that cannot be found adds nothing. */
void guarding_disks_of(const struct workspace *workspace, const struct settings *settings,
                       const struct project *project, struct mounts *mounts);
/* What of it the project allows, and whether the host has AppArmor. Refused where --strict asks for it. */
bool guarding_settle(struct prepared *prepared, const struct project *project, struct error *err) nodiscard;

/*
 * What changed in an earlier session is asked about, unless the request or the settings have answered;
 * then what is there is noted under this instance's name, and what has to be made is made.
 */
bool guarding_begin(struct incus *client, struct prepared *prepared, const char *name,
                    const struct launch_watcher *watcher, struct error *err) nodiscard;
/* The instance has got this name. */
bool guarding_named(const struct incus *client, struct prepared *prepared, const char *name,
                    struct error *err) nodiscard;
/*
 * It runs, and its mounts were seen (verify.h): whether root inside is kept from unmounting them is tried,
 * and noted. Refused where that was asked for and is not so; said where it was expected.
 */
bool guarding_verify(struct incus *client, const struct prepared *prepared, const struct plan *plan,
                     const struct launch_watcher *watcher, struct error *err) nodiscard;
/* It was not made, or is gone again. */
void guarding_failed(struct prepared *prepared);

/*
 * The session has ended, and the daemon stops its container: a process of its own waits for that, then
 * settles what was noted.
 */
void guarding_leave(struct incus *client, const char *name);
