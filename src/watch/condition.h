/* What can be waited for in a session, in words: "bell", "quiet=30", "prompt,end". Pure. */
#pragma once

#include "base/error.h"
#include "watch/activity.h"

enum condition_kind {
    CONDITION_BELL,    /* it rings or notifies, from now on */
    CONDITION_QUIET,   /* nothing was written for so many seconds */
    CONDITION_PROMPT,  /* a shell is in the foreground, and quiet */
    CONDITION_WAITING, /* it says so itself */
    CONDITION_DONE,
    CONDITION_END, /* its tmux session, or its container, has ended */
    CONDITIONS
};

struct conditions {
    bool wanted[CONDITIONS];
    int quiet; /* seconds */
};

#define CONDITION_WORDS "bell, quiet[=SECONDS], prompt, waiting, done or end"

/* A list with commas. An error names the word that is none. */
bool conditions_parse(const char *text, struct conditions *conditions, struct error *err) nodiscard;
/*
 * The word of the first that holds, NULL if none does. `began`: what rang before is not meant. `gone`: its
 * container does not run any more.
 */
const char *conditions_met(const struct conditions *conditions, const struct activity *activity, bool gone,
                           int64_t began, int64_t now);
/* In how many milliseconds one may hold without anything being reported; 0: none can. */
int64_t conditions_next(const struct conditions *conditions, const struct activity *activity, int64_t now);
