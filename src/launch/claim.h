/*
 * The claim of a standby container for a run: it becomes the run's, its workspace with it, by one request
 * that the daemon refuses if anybody else was faster (RFC 9110, If-Match); from there on it is like any
 * container of a run. While the daemon does that the processes that come next are started inside, and wait;
 * a lock (base/lock.h) sees to it that these are never in a container that becomes somebody else's.
 */
#pragma once

#include "launch/standby.h"
#include "launch/watcher.h"

/* One that waits, as it was seen. */
struct standby_found {
    struct instance instance; /* json NULL: there is none */
    char *etag;
    struct lock *lock; /* of who is about to claim it; NULL: it is not held */
};
void standby_found_done(struct standby_found *found);

/*
 * Looks for one of prepared->kind that is ready, by chance, beside those in `tried`, to which its name is
 * added. False: there is none.
 */
bool claim_find(struct incus *client, const struct prepared *prepared, struct strings *tried,
                struct standby_found *found);

/*
 * Claims it and brings in what the plan, made here, says: prepared->standby is its name then. On failure
 * nothing is left of it, or it is another's; error code 412 or 404: somebody was faster.
 */
bool claim_take(struct incus *client, struct prepared *prepared, const struct standby_found *found,
                const struct launch_watcher *watcher, struct plan *plan, struct error *err) nodiscard;

/* Claims it for nobody, so that nobody else can, and asks the daemon to remove it; that is not waited for.
 */
bool claim_retire(struct incus *client, const struct standby_found *found, struct error *err) nodiscard;
