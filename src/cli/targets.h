/* Commands that act on several sessions: which ones, whether they may, and what came of it. */
#pragma once

#include "cli/command.h"
#include "record/record.h"
#include "session/stop.h"

struct targets {
    struct session_list sessions;
    struct records records;
    const struct session **rows; /* those that were chosen */
    size_t count;
};
void targets_done(struct targets *targets);

/*
 * The sessions that the arguments name, or all with --all, for which `fits` (NULL: all do). A name
 * that is none is a warning; when nothing is left to do that is an error, but --all with nothing
 * there is not.
 */
typedef bool fits_fn(const struct session *row);
bool targets_choose(struct cli *cli, fits_fn *fits, struct targets *targets, struct error *err) nodiscard;

/*
 * Asks `question`, with a line for each in `details` before it, and defaults to no. True with --force.
 * Without a terminal: true if what it is about was `named` by who typed it; else false, with an error that
 * says that nothing was done.
 */
bool targets_confirm(const struct cli *cli, const char *question, const struct strings *details, bool named,
                     struct error *err) nodiscard;

/*
 * Ends the chosen ones, those with remove[i] for good, their records with them; says which, and at the end
 * "VERB N container(s)" on stdout. The exit status: 0 if anything was done or there was nothing to do; -1
 * with an error otherwise.
 */
int targets_end(struct cli *cli, const struct targets *targets, const char *verb, const bool *remove,
                bool force, long timeout, struct error *err);
/* The last line of a command that acted on `count` sessions; true if it could be printed. */
bool targets_summary(const char *verb, size_t count, struct error *err) nodiscard;
