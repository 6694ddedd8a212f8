#include "cli/joining.h"

#include "base/tty.h"
#include "cli/launching.h"
#include "session/conclude.h"
#include "session/stream.h"

static int join(struct cli *cli, const struct inside *inside, char *const *command, struct error *err) {
    struct exec_request request = {.command = command,
                                   .uid = inside->code.uid,
                                   .gid = inside->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = inside->environment,
                                   .terminal = true};
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    _cleanup_(stream_cleanup) struct stream_joint *joint =
        stream_prepare(cli->client, inside->name, &request);
    return cli_run_joint(cli, joint, err);
}

int cli_join_tmux(struct cli *cli, const struct inside *inside, struct error *err) {
    _cleanup_(strings_done) struct strings command = {0};
    tmux_attach_command(inside->name, &command);
    return join(cli, inside, command.items, err);
}

int cli_join_shell(struct cli *cli, const struct inside *inside, struct error *err) {
    char *bash[] = {"bash", "-l", NULL}, *sh[] = {"sh", "-l", NULL};
    int status = join(cli, inside, bash, err);
    if (status != 127 || err->class == ERROR_NONE)
        return status;
    error_done(err);
    return join(cli, inside, sh, err);
}

int cli_leave(struct cli *cli, const struct inside *inside, int status, struct error *err) {
    enum outcome outcome;
    _cleanup_(error_done) struct error concluding = {0};
    if (err->class == ERROR_DAEMON) {
        error_hint(err, "the session goes on; berth attach %s returns to it", inside->name);
        return -1;
    }
    if (!session_conclude(inside, &outcome, &concluding)) {
        error_done(err);
        error_move(err, &concluding);
        return -1;
    }
    if (outcome == OUTCOME_DETACHED) {
        cli_notice(cli, "%s goes on; berth attach %s returns to it", inside->name, inside->name);
        return status;
    }
    error_done(err); /* of a command whose container went away under it */
    cli_notice(cli, "%s has ended and is %s", inside->name,
               outcome == OUTCOME_REMOVED ? "removed" : "kept, stopped");
    return 0;
}
