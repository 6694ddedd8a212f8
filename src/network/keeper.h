/*
 * Keeps an allowlist true while somebody of ours is there: its names are resolved again when their time to
 * live is over, and the access list and the hosts files of its sessions follow, from one answer.
 */
#pragma once

#include "network/network.h"

/*
 * Resolves again. Where the answer differs: both the old and the new addresses may be reached while the
 * hosts files of the running sessions are written, then the new ones alone. The network's answers are the
 * new ones afterwards.
 */
bool network_refresh(struct incus *client, struct network *network, struct error *err) nodiscard;

/*
 * Does that by itself for the network of this name, first after `seconds` and then whenever the answers are
 * out of date, in tasks of the client's loop, until it is stopped. A name that cannot be resolved any more
 * keeps its addresses, is told of by `failed` (unless that is NULL) and tried again after a minute; rules
 * without names end it. NULL if `network` is NULL or "". Caller owns.
 */
struct keeper;
typedef void keeper_failed_fn(void *data, const struct error *err);
struct keeper *keeper_start(struct incus *client, const char *network, long seconds,
                            keeper_failed_fn *failed, void *data) nodiscard;
/* For the network of a launch that was just resolved; NULL if it has no names. */
struct keeper *keeper_of_launch(struct incus *client, const struct network *network) nodiscard;
/* NULL is allowed. Not in a callback of the loop, unless it is at rest. */
void keeper_stop(struct keeper *keeper);
bool keeper_at_rest(const struct keeper *keeper);
static inline void keeper_cleanup(struct keeper **keeper) {
    keeper_stop(*keeper);
}
