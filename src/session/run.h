/* The end of a run: what becomes of its container. */
#pragma once

#include "incus/client.h"
#include "launch/plan.h"
#include "launch/prepared.h"

/*
 * After the one command of a run: an ephemeral instance is deleted by the daemon once it has been asked
 * to stop it, a persistent one is stopped and kept, unless it ran before. Neither is waited for. What
 * cannot be removed is left to its owner's reaper.
 */
bool run_finish(struct incus *client, struct prepared *prepared, const struct plan *plan,
                struct error *err) nodiscard;
