/* What opens a session like `berth shell`. */
#pragma once

#include "cli/command.h"

extern const struct flag *const shell_flags[];

/* Launches what cli->request stands for, or uses it again, and attaches; the exit status. */
int cli_shell(struct cli *cli, struct error *err);
