/* Each command's value, from the file of its name. */
#pragma once

#include "cli/command.h"

extern const struct command command_run, command_list, command_idmap, command_config, command_version,
    command_help, command_shell, command_attach, command_info, command_kill, command_shutdown,
    command_persist, command_clean;
