/* Commands that follow what happens in sessions: the streams, the daemon's events, and the clock. */
#pragma once

#include "cli/command.h"
#include "watch/watches.h"

struct follow {
    struct cli *cli;
    const char *prefix;
    const struct strings *names; /* those that are meant; none: all */
    struct session_list sessions;
    struct watches *watches;
    struct events *events;
    struct timer *timer;
    bool reload; /* they may have changed */
    bool lost;   /* the daemon was away since they were listed */
    bool away;   /* the daemon is */
    bool wake;   /* something has happened */
};

/* Begins: `names` is borrowed. Ends with follow_done(). */
bool follow_begin(struct cli *cli, const struct strings *names, struct follow *follow,
                  struct error *err) nodiscard;
void follow_done(struct follow *follow);
/*
 * Waits until something may have happened, at the most so many milliseconds (0: without end). A daemon that
 * goes away is waited for. Fails when interrupted.
 */
bool follow_wait(struct follow *follow, int64_t milliseconds, struct error *err) nodiscard;
/* The session of this name that runs; NULL: none does. Lent until the next wait. */
const struct session *follow_running(const struct follow *follow, const char *name);
