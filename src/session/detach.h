/* What becomes of a session when its terminal has been left. */
#pragma once

#include "config/settings.h"
#include "session/tmux.h"

enum detach_outcome {
    DETACH_RUNNING, /* the session goes on */
    DETACH_STOPPED, /* it has ended; the container is kept, stopped or stopping */
    DETACH_REMOVED, /* it has ended, and its container and record with it */
    DETACH_DATA,    /* the same, but for the record: it keeps the tool's data (data.h) */
};

/*
 * Asks the container whether its session goes on; one that has ended is stopped, and removed unless it
 * is persistent. The daemon is asked, not waited for. Where the tool's data cannot be kept the container
 * stays, and that is the error.
 */
bool detach_session(const struct inside *inside, const struct settings *settings,
                    enum detach_outcome *outcome, struct error *err) nodiscard;
