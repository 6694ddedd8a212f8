/*
 * The start of a container that is there already. It keeps the mapping that it has; a difference from the
 * one that would be decided now is said, and changed only when the user says so.
 */
#pragma once

#include "launch/plan.h"
#include "launch/prepared.h"
#include "launch/watcher.h"

/* Starts prepared->existing, if it does not run; adds mounts that it lacks. `plan` is filled in. */
bool reuse_start(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) nodiscard;
