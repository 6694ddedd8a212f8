#include "cli/detaching.h"

#include "cli/launching.h"
#include "session/detach.h"

int cli_detach(struct cli *cli, const struct inside *inside, int status, struct error *err) {
    enum detach_outcome outcome;
    cli_say_changed(cli, inside->name);
    _cleanup_(error_done) struct error concluding = {0};
    if (err->class == ERROR_DAEMON) {
        error_hint(err, "the session is still running; berth attach %s returns to it", inside->name);
        return -1;
    }
    if (!detach_session(inside, &cli->settings, &outcome, &concluding)) {
        error_done(err);
        error_move(err, &concluding);
        return -1;
    }
    if (outcome == DETACH_RUNNING) {
        cli_notice(cli, "detached from %s; berth attach %s returns to it", inside->name, inside->name);
        return status;
    }
    error_done(err); /* of a command whose container went away under it */
    cli_notice(cli, "the session has ended; %s was %s", inside->name,
               outcome == DETACH_STOPPED ? "stopped and kept" : "removed");
    if (outcome == DETACH_DATA)
        cli_notice(cli, "its data (%s) was kept; berth shell --resume goes on with it",
                   settings_text(&cli->settings, SETTING_TOOL_DATA));
    return 0;
}
