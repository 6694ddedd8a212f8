/* The table of commands: a new one is a file of its own and a line here. */
#include "cli/command.h"

/* In the order in which help shows them. */
#define COMMANDS(X)                                                                                        \
    X(run)                                                                                                 \
    X(shell)                                                                                               \
    X(attach)                                                                                              \
    X(list)                                                                                                \
    X(watch)                                                                                               \
    X(wait)                                                                                                \
    X(hooks)                                                                                               \
    X(info)                                                                                                \
    X(kill)                                                                                                \
    X(shutdown)                                                                                            \
    X(persist)                                                                                             \
    X(clean)                                                                                               \
    X(snapshot)                                                                                            \
    X(snapshot_create)                                                                                     \
    X(snapshot_list)                                                                                       \
    X(snapshot_restore)                                                                                    \
    X(snapshot_delete)                                                                                     \
    X(snapshot_rename)                                                                                     \
    X(snapshot_diff)                                                                                       \
    X(snapshot_branch)                                                                                     \
    X(health)                                                                                              \
    X(idmap)                                                                                               \
    X(guard)                                                                                               \
    X(guard_accept)                                                                                        \
    X(guard_restore)                                                                                       \
    X(trust)                                                                                               \
    X(network)                                                                                             \
    X(network_list)                                                                                        \
    X(network_up)                                                                                          \
    X(network_down)                                                                                        \
    X(network_set)                                                                                         \
    X(standby)                                                                                             \
    X(standby_list)                                                                                        \
    X(standby_fill)                                                                                        \
    X(standby_clear)                                                                                       \
    X(container)                                                                                           \
    X(container_launch)                                                                                    \
    X(container_start)                                                                                     \
    X(container_stop)                                                                                      \
    X(container_delete)                                                                                    \
    X(container_exec)                                                                                      \
    X(container_exists)                                                                                    \
    X(container_running)                                                                                   \
    X(container_mount)                                                                                     \
    X(file)                                                                                                \
    X(file_push)                                                                                           \
    X(file_pull)                                                                                           \
    X(tmux)                                                                                                \
    X(tmux_list)                                                                                           \
    X(tmux_send)                                                                                           \
    X(tmux_capture)                                                                                        \
    X(remote)                                                                                              \
    X(remote_add)                                                                                          \
    X(remote_list)                                                                                         \
    X(remote_remove)                                                                                       \
    X(build)                                                                                               \
    X(images)                                                                                              \
    X(image)                                                                                               \
    X(image_list)                                                                                          \
    X(image_exists)                                                                                        \
    X(image_copy)                                                                                          \
    X(image_export)                                                                                        \
    X(image_import)                                                                                        \
    X(image_publish)                                                                                       \
    X(image_delete)                                                                                        \
    X(image_cleanup)                                                                                       \
    X(config)                                                                                              \
    X(completion)                                                                                          \
    X(version)                                                                                             \
    X(help)

#define DECLARE(name) extern const struct command command_##name;
COMMANDS(DECLARE)

#define REFER(name) &command_##name,
const struct command *const commands[] = {COMMANDS(REFER) NULL};
