/*
 * A session that begins as a copy of another one's container, or of a snapshot of it: its files are the
 * other's, and everything that berth decides (mapping, guard, network, limits) is decided anew.
 */
#pragma once

#include "launch/plan.h"
#include "launch/prepared.h"

/* Looks at what request->branch names; an error says what is not there. */
bool branch_find(struct incus *client, struct prepared *prepared, struct error *err) nodiscard;

/*
 * Makes the plan one for a copy. The daemon adds to what it is asked for whatever config and devices the
 * other has: its devices are asked for as none, and plan->copy, where the other has a key of its own, is
 * what has to be there in the end. Nothing without request->branch.
 */
void branch_plan(const struct prepared *prepared, struct plan *plan);

/* After the creation, before the start: the instance gets the plan's config and devices and no others. */
bool branch_settle(struct incus *client, const struct plan *plan, struct error *err) nodiscard;
