/*
 * The second line behind the owner's reaper (launch/owner.h), for when every process of ours on the host is
 * gone: a process inside the container, held by its input alone. When that ends, because the connection
 * did, it powers the container off, and the daemon deletes it, as it is ephemeral.
 */
#pragma once

#include "incus/client.h"

struct warden;

/*
 * Starts it for an ephemeral container, a second from now: a command that is over by then pays nothing for
 * it. That it cannot run there (no sh, no poweroff) is no error.
 */
struct warden *warden_start(struct incus *client, const char *instance) nodiscard;
/* Lets go: what still runs inside ends then. NULL is allowed. */
void warden_free(struct warden *warden);
static inline void warden_cleanup(struct warden **warden) {
    warden_free(*warden);
}
