/* Containers of runs whose berth has died, and whose reaper did not come to its end either. */
#pragma once

#include "session/list.h"

/* What the daemon is just stopping or deleting is no orphan: session->orphaned becomes false. */
void orphans_settle(struct incus *client, struct session_list *list);
/* Asks the daemon to remove those that are; it is not waited for. Returns how many it has taken on. */
size_t orphans_remove(struct incus *client, const struct session_list *list);
