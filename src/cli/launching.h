/* What commands that launch and join sessions share: notices, the hook, signals, the joined terminal. */
#pragma once

#include "cli/command.h"
#include "incus/capture.h"
#include "launch/plan.h"
#include "launch/prepared.h"
#include "launch/watcher.h"
#include "session/stream.h"

/*
 * What the workspace itself asks for (launch/trust.h): what is taken is in cli->settings then, what is not
 * is said.
 */
bool cli_ask_workspace(struct cli *cli, struct error *err) nodiscard;
/*
 * A workspace as a remote's records and labels name it, for a request: here it is to be said to be the
 * remote's, unless all machines have it. Of this machine's daemon it is as it was. Caller owns.
 */
char *cli_workspace_of(const struct cli *cli, const char *workspace) nodiscard;
/* What changed of what is guarded while the session of this name ran, if anything did. */
void cli_say_changed(const struct cli *cli, const char *name);
/* The mapping on a terminal, and the decision's warnings everywhere. */
void cli_say_mapping(const struct cli *cli, const struct prepared *prepared);

/* From here on signals cancel what is under way, or go to the command that is joined. */
bool cli_catch_signals(struct cli *cli, struct error *err) nodiscard;

/* Notices and progress on stderr, questions on the terminal, the settings' hook. */
struct launch_watcher cli_watcher(struct cli *cli);
/* cli_catch_signals(), then launches what was prepared, or reuses what is there. */
bool cli_open_session(struct cli *cli, struct prepared *prepared, const struct launch_watcher *watcher,
                      struct plan *plan, struct error *err) nodiscard;

/* Lets a prepared command run to its end, signals passed on; its status, -1 with an error. */
int cli_run_stream(struct cli *cli, struct stream *stream, struct error *err);

/* --format says how a captured command is printed, and means nothing without --capture. */
bool cli_check_capture(const struct cli *cli, struct error *err) nodiscard;
/* Prints what a command wrote, as JSON with its exit_code, or raw; the exit status, -1 with an error. */
int cli_print_capture(const struct cli *cli, const struct capture *capture, struct error *err);
