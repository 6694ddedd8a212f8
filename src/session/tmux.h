/* The tmux session in a container, which is what lasts: named as coi names it. */
#pragma once

#include "incus/exec.h"
#include "session/plan.h"

/* "coi-NAME". Caller owns. */
char *tmux_session(const char *container) nodiscard;

/* Who works in a container, and with what environment. */
struct inside {
    struct incus *client;
    const char *name;
    struct idmap_ids code;
    const json_t *environment; /* an object of strings */
};

/*
 * Waits, at most 5 seconds, until what is put into /tmp stays there: many images have systemd empty it
 * while they boot (tmpfiles.d(5), type D), and tmux keeps its socket there.
 */
bool tmux_wait_ready(const struct inside *inside, struct error *err) nodiscard;
/* *alive: whether the session is there. An image without tmux has none. */
bool tmux_alive(const struct inside *inside, bool *alive, struct error *err) nodiscard;
/*
 * Starts the session, detached, in /workspace; `tool`: a program and its arguments, separated by
 * spaces, "" is the user's shell. No shell reads it.
 */
bool tmux_start(const struct inside *inside, const char *tool, struct error *err) nodiscard;
/* The command that attaches to it. Caller owns. */
void tmux_attach_command(const char *container, struct strings *command);
