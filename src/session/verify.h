/* Does a running container have the mapping that was predicted? */
#pragma once

#include "incus/client.h"
#include "session/plan.h"

/*
 * Compares, as the code user inside, owner and writability of /workspace with the plan's prediction.
 * A difference is an error that names both.
 */
bool verify_mapping(struct incus *client, const struct plan *plan, struct error *err) nodiscard;
