/* What becomes of a container when somebody has left its session. */
#pragma once

#include "session/record.h"
#include "session/tmux.h"

enum outcome {
    OUTCOME_DETACHED, /* the session goes on */
    OUTCOME_STOPPED,  /* it has ended; the container is kept, stopped or stopping */
    OUTCOME_REMOVED,  /* it has ended, and its container and record with it */
};

/*
 * Asks the container whether its session goes on; one that has ended is stopped, and removed unless it
 * is kept: the container's own config and, of one of coi's, its record say so. The daemon is asked,
 * not waited for.
 */
bool session_conclude(const struct inside *inside, enum outcome *outcome, struct error *err) nodiscard;

/* Removes the records of a container. */
void conclude_forget(const char *container);
