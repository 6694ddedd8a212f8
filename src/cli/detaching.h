/* What is done and said when a session has been left. */
#pragma once

#include "cli/command.h"
#include "session/attach.h"

/*
 * Looks whether the session goes on, ends it if not, and says which. `status` is what joining ended
 * with; the exit status.
 */
int cli_detach(struct cli *cli, const struct inside *inside, int status, struct error *err);
