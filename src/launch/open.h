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

/*
 * Of what kind a standby container for it would be, into prepared->kind; returns why it cannot have one,
 * NULL if it can. Lent. `hooked`: a pre_start hook is to be called. Once more when network_up() has given
 * the network another name.
 */
const char *launch_find_kind(struct prepared *prepared, bool hooked);
/*
 * Which standby container a launch would use, as it looks now: {"name": …, "why_not": …}, one of them null.
 * A new reference.
 */
json_t *launch_foresee(struct incus *client, struct prepared *prepared, bool hooked) nodiscard;
