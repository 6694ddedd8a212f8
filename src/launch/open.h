/*
 * The one launch path: request → facts → decision → plan → one instance. The commands, the form on
 * the screen and the tests all come through here.
 */
#pragma once

#include "launch/plan.h"
#include "launch/prepared.h"
#include "launch/watcher.h"

/* Reuses prepared->existing where there is one (see reuse.h), launches otherwise. `watcher` may be NULL. */
bool launch_open(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) nodiscard;
