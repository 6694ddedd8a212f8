/* Each command's value, from the file of its name. */
#pragma once

#include "cli/command.h"

extern const struct command command_run, command_shell, command_attach, command_list, command_info,
    command_kill, command_shutdown, command_persist, command_clean, command_idmap, command_config,
    command_version, command_help, command_container, command_container_launch, command_container_start,
    command_container_stop, command_container_delete, command_container_exec, command_container_exists,
    command_container_running, command_container_mount, command_tmux, command_tmux_list, command_tmux_send,
    command_tmux_capture, command_image, command_image_list, command_image_exists, command_image_publish,
    command_image_delete, command_image_cleanup, command_images, command_file, command_file_push,
    command_file_pull, command_completion;
