#include "session/join.h"

#include "base/tty.h"

static int join(const struct inside *inside, char *const *command, struct stream_joint **joint,
                struct error *err) {
    struct exec_request request = {.command = command,
                                   .uid = inside->code.uid,
                                   .gid = inside->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = inside->environment,
                                   .terminal = true};
    int status = -1;
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    *joint = stream_prepare(inside->client, inside->name, &request);
    bool good = stream_run(*joint, 0, &status, err);
    stream_free(*joint);
    *joint = NULL;
    return good ? status : -1;
}

int join_tmux(const struct inside *inside, struct stream_joint **joint, struct error *err) {
    _cleanup_(strings_done) struct strings command = {0};
    tmux_attach_command(inside->name, &command);
    return join(inside, command.items, joint, err);
}

int join_shell(const struct inside *inside, struct stream_joint **joint, struct error *err) {
    char *bash[] = {"bash", "-l", NULL}, *sh[] = {"sh", "-l", NULL};
    int status = join(inside, bash, joint, err);
    if (status != 127 || err->class == ERROR_NONE)
        return status;
    error_done(err);
    return join(inside, sh, joint, err);
}
