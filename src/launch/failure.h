/* Failures of a launch that can be foreseen, in words for whoever launched; the daemon's stand behind. */
#pragma once

#include "launch/plan.h"

/* Changes an error of class ERROR_FAILED that the daemon gave for this plan, if it is one of those. */
void failure_explain(const struct plan *plan, struct error *err);
/*
 * The same for ids that another machine (facts->machine) may not map, with the lines to add there; false:
 * it is not that.
 */
bool failure_is_undelegated(const struct idmap_facts *facts, const struct idmap_decision *decision,
                            struct error *err);

/* The daemon is just doing something else with the instance; a moment later it will do what was asked. */
bool failure_is_busy(const struct error *err);

/* Whether a start failed because a filesystem of its mounts does not take idmapped ones. */
bool failure_is_shift(const struct error *err);
