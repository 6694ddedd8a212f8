/* Going into a session, and what is done and said when it has been left. */
#pragma once

#include "cli/command.h"
#include "session/tmux.h"

/* Both need a terminal; the status of what was joined, -1 with an error. */
int cli_join_tmux(struct cli *cli, const struct inside *inside, struct error *err);
int cli_join_shell(struct cli *cli, const struct inside *inside, struct error *err);

/*
 * Looks whether the session goes on, ends it if not, and says which. `status` is what joining ended
 * with; the exit status.
 */
int cli_leave(struct cli *cli, const struct inside *inside, int status, struct error *err);
