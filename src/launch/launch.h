/*
 * The launch: a plan becomes one instance, with the second ways that the daemon may make necessary, and
 * is undone when it fails.
 */
#pragma once

#include "launch/plan.h"
#include "launch/prepared.h"
#include "launch/watcher.h"

/*
 * Creates and starts the instance; `plan` then is what it was made from, its name final. On any
 * failure, and on a signal, what was created is undone. The mapping is not verified yet.
 */
bool launch_new(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                struct plan *plan, struct error *err) nodiscard;

/* Sees to an owner (owner.h) of what is about to be made, where it needs one and has none yet. */
bool launch_own(struct incus *client, struct prepared *prepared, struct error *err) nodiscard;

/*
 * Removes the instance that this plan made, and no other of the same name. Waits out a daemon that is
 * just coming back. An error says what is left.
 */
bool launch_undo(struct incus *client, const struct plan *plan, struct error *err) nodiscard;
