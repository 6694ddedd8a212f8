/* After a run: the standby containers that there are to be again. The daemon is asked, and not waited for.
 */
#pragma once

#include "base/json.h"
#include "launch/prepared.h"

struct refill;
/*
 * To be called when the command of a run begins: a moment later, or when it has ended, whichever is first,
 * the daemon is asked for as many as are missing, unless memory or the pool is short; and one that will
 * never be claimed is removed, or all where none fitted. `prepared` is borrowed until refill_end(). NULL if
 * the run has nothing to do with them.
 */
struct refill *refill_begin(struct incus *client, struct prepared *prepared);
/* The command has ended: it is asked now, while the loop goes on. NULL is allowed, below too. */
void refill_hurry(struct refill *refill);
/* Asks now if that was not yet done, waits for the daemon to take it on, and frees. */
void refill_end(struct refill *refill);
static inline void refill_cleanup(struct refill **refill) {
    refill_end(*refill);
}

/*
 * The request's body for one more of the kind, under a name that is not among `taken`, to which it is
 * added; NULL: there are as many as can be. A new reference.
 */
json_t *refill_body(const struct prepared *prepared, struct strings *taken) nodiscard;

/* Why no more are to be made in this pool, on this machine; NULL: nothing speaks against it. Caller owns.
 */
char *refill_short(struct incus *client, const char *pool) nodiscard;
