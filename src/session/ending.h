/* Ends sessions, several at once: stops their containers, and removes those that are not to be kept. */
#pragma once

#include "session/overview.h"

struct ending {
    const struct session_row *row; /* borrowed */
    bool force;                    /* killed, not asked to shut down */
    long timeout;                  /* seconds that a shutdown may take; then it is killed */
    bool remove;                   /* deleted once it has stopped */
    bool done;                     /* it has, also if somebody else was faster */
    struct error err;              /* else why not */
};
void ending_done(struct ending *ending);

/*
 * All of them at the same time; each has its own error. Fails only if the waiting does (a signal):
 * what the daemon has begun goes on.
 */
bool sessions_end(struct incus *client, struct ending *endings, size_t count, struct error *err) nodiscard;
