/* Ends sessions, several at once: stops their containers, and removes those that are not to be kept. */
#pragma once

#include "session/list.h"

struct stop {
    const struct session *session; /* borrowed */
    bool force;                    /* killed, not asked to shut down */
    long timeout;                  /* seconds that a shutdown may take; then it is killed */
    bool remove;                   /* deleted once it has stopped */
    /*
     * Of whom the tool's data is kept first (data.h), where the container goes; what cannot be kept stays
     * where it is, with an error. NULL: it is lost.
     */
    const struct settings *keep;
    bool done;        /* it has, also if somebody else was faster */
    size_t changed;   /* guarded paths of its workspace that did while it ran */
    struct error err; /* else why not */
};
void stop_done(struct stop *ending);

/*
 * All of them at the same time; each has its own error. The records of those that are gone are
 * removed with them. Fails only if the waiting does (a signal): what the daemon has begun goes on, and a
 * removal by force that was begun is seen through, also if this process is killed.
 */
bool stop_sessions(struct incus *client, struct stop *stops, size_t count, struct error *err) nodiscard;
