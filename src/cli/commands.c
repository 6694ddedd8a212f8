#include "cli/commands.h"

/* In the order in which help shows them. */
const struct command *const commands[] = {
    &command_run,    &command_shell,    &command_attach,  &command_list,  &command_info,
    &command_kill,   &command_shutdown, &command_persist, &command_clean, &command_idmap,
    &command_config, &command_version,  &command_help,    NULL,
};
