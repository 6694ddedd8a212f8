/* What becomes of a container when somebody has left its session. */
#pragma once

#include "session/plan.h"
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

/*
 * After the one command of a run: an ephemeral instance is deleted by the daemon once it has been asked
 * to stop it, a persistent one is stopped and kept, unless it ran before. Neither is waited for.
 */
bool session_leave(struct incus *client, const struct plan *plan, struct error *err) nodiscard;

/* Removes the records of a container. */
void conclude_forget(const char *container);
