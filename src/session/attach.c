#include "session/attach.h"

#include "base/tty.h"
#include "launch/plan.h"
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
    static const char *const shells[] = {"bash", "sh"};
    int status = -1;
    for (size_t i = 0; i < array_length(shells); i++) {
        _cleanup_(strings_done) struct strings command = {0};
        if (inside->no_root)
            plan_add_no_root(&command);
        strings_add_all(&command, shells[i], "-l", NULL);
        error_done(err);
        status = join(inside, command.items, stream, err);
        if (status != 127 || err->class == ERROR_NONE)
            break;
    }
    return status;
}
