/*
 * An agent's own life-cycle hooks, so that it says itself what it is at: each runs tmux with the option
 * @berth of its pane (activity.h). They are put into the agent's settings inside a session, as who works
 * there, and never on the host.
 */
#pragma once

#include "session/tmux.h"

struct agent_hooks {
    const char *agent; /* "claude" */
    const char *file;  /* of its settings, below the home */
    const char *lines; /* to be put there */
    const char *words; /* what they do, for the help */
};
/* Ends with an agent that is NULL. */
extern const struct agent_hooks agent_hooks[];
/* NULL with an error that says which there are. */
const struct agent_hooks *hooks_find(const char *agent, struct error *err);

/*
 * The text of a settings file with the hooks in it: `text` is what it has now, "" for nothing. Other
 * settings stay; hooks that are there already are not put in twice. NULL with an error that says what to do
 * by hand, if that cannot be read or says something else already. Caller owns.
 */
char *hooks_merge(const struct agent_hooks *hooks, const char *text, struct error *err) nodiscard;

/* The same in the session. `inside`'s environment says its HOME. *changed: they were not there yet. */
bool hooks_install(const struct inside *inside, const struct agent_hooks *hooks, bool *changed,
                   struct error *err) nodiscard;
