/* Failures of a launch that can be foreseen, in words for whoever launched; the daemon's stand behind. */
#pragma once

#include "launch/plan.h"

/* Changes an error of class ERROR_FAILED that the daemon gave for this plan, if it is one of those. */
void failure_explain(const struct plan *plan, struct error *err);

/* Whether a start failed because a filesystem of its mounts does not take idmapped ones. */
bool failure_is_shift(const struct error *err);
