/* The tmux session in a container, which is what lasts: named as coi names it. */
#pragma once

#include "idmap/idmap.h"
#include "incus/exec.h"

/* The option of a pane in which a bell's time is kept until somebody has looked, by a hook of tmux' that a
 * watcher sets (watch/watch.h). */
#define TMUX_BELL_OPTION "@berth_bell"

/* "coi-NAME". Caller owns. */
char *tmux_session(const char *container) nodiscard;

/* Who works in a container, and with what environment. */
struct inside {
    struct incus *client;
    const char *name;
    struct idmap_ids code;
    const json_t *environment; /* an object of strings */
    bool no_root;              /* what is started there must not become root */
};

/* *alive: whether the session is there. An image without tmux has none. */
bool tmux_alive(const struct inside *inside, bool *alive, struct error *err) nodiscard;
/*
 * *any: whether anybody's tmux runs there, whichever the session and the uid. Asked as root, and what
 * cannot be told is true.
 */
bool tmux_of_anybody(struct incus *client, const char *container, bool *any, struct error *err) nodiscard;
/* What tmux_start() came to; everything else is an error. */
enum tmux_start { TMUX_STARTED, TMUX_NOT_TRUE, TMUX_NO_HOME, TMUX_FAILED };

/*
 * Starts the session, detached, in /workspace, by one command inside. `line`, unless it is "", is the first
 * that it shows. `tool`: a program and its
 * arguments, separated by spaces, "" is the user's shell. No shell reads it. Before that, in the same
 * command:
 * - `condition`, a constant of ours in sh's words (verify_condition()), must be true;
 * - with `home`, the directory HOME must be there;
 * - what is put into /tmp must stay there, which is waited for, 5 seconds at most: many images have
 *   systemd empty it while they boot (tmpfiles.d(5), type D) or mount a tmpfs over it (tmp.mount), and
 *   tmux keeps its socket there.
 */
enum tmux_start tmux_start(const struct inside *inside, const char *line, const char *tool,
                           const char *condition, bool home, struct error *err) nodiscard;
/* The command that attaches to it, which is looking at it. Caller owns. */
void tmux_attach_command(const char *container, struct strings *command);
