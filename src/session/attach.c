#include "session/attach.h"

#include "base/tty.h"
#include "workspace/workspace.h"

static int join(const struct inside *inside, char *const *command, struct stream **stream,
                struct error *err) {
    struct exec_request request = {.command = command,
                                   .uid = inside->code.uid,
                                   .gid = inside->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = inside->environment,
                                   .terminal = true};
    int status = -1;
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    *stream = stream_prepare(inside->client, inside->name, &request);
    bool good = stream_run(*stream, 0, &status, err);
    stream_free(*stream);
    *stream = NULL;
    return good ? status : -1;
}

int attach_tmux(const struct inside *inside, struct stream **stream, struct error *err) {
    _cleanup_(strings_done) struct strings command = {0};
    tmux_attach_command(inside->name, &command);
    return join(inside, command.items, stream, err);
}

int attach_shell(const struct inside *inside, struct stream **stream, struct error *err) {
    char *bash[] = {"bash", "-l", NULL}, *sh[] = {"sh", "-l", NULL};
    int status = join(inside, bash, stream, err);
    if (status != 127 || err->class == ERROR_NONE)
        return status;
    error_done(err);
    return join(inside, sh, stream, err);
}
