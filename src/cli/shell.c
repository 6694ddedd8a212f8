#include "session/shell.h"
#include "base/tty.h"
#include "cli/command.h"
#include "cli/detaching.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "cli/shell.h"
#include "launch/place.h"
#include "launch/prepare.h"
#include "network/keeper.h"
#include "session/attach.h"
#include "workspace/workspace.h"

static bool resume_record(struct cli *cli, const struct record *record, struct error *err) {
    if (!shell_resume(&cli->request, &cli->settings, record, err))
        return false;
    free(cli->request.workspace);
    cli->request.workspace = cli_workspace_of(cli, record->workspace);
    return true;
}

static bool resume(struct cli *cli, struct error *err) {
    _cleanup_(records_done) struct records records = {.remote = incus_remote(cli->client)};
    _cleanup_(place_done) struct place place = {0};
    _cleanup_(workspace_done) struct workspace workspace = {0};
    const struct record *record = NULL;
    records_load(&records);
    if (*cli->resume) {
        record = records_of_id(&records, cli->resume, err);
        return record && resume_record(cli, record, err);
    }
    if (!place_find(cli->client, &cli->request, &workspace, &place, err))
        return false;
    record = records_of_workspace(&records, workspace.path);
    if (record)
        return resume_record(cli, record, err);
    error_set(err, ERROR_FAILED, "no saved session of %s was found", workspace.path);
    error_hint(err, "berth list --all shows the saved sessions; --resume=ID resumes one of them");
    return false;
}

static int launch(struct cli *cli, struct prepared *prepared, struct error *err) {
    _cleanup_(plan_done) struct plan plan = {0};
    const struct launch_watcher watcher = cli_watcher(cli);
    if (!shell_before(cli->client, prepared, &watcher, err) ||
        !cli_open_session(cli, prepared, &watcher, &plan, err))
        return -1;
    struct inside inside = {cli->client, plan.name, plan.code, plan.environment, plan.no_root};
    if (!shell_start(&inside, prepared, &plan, !cli->debug, &watcher, err))
        return -1;
    if (cli->background) {
        _cleanup_free_ char *line = str_printf("%s\n", plan.name);
        cli_notice(cli, "%s is running; berth attach %s attaches to it", plan.name, plan.name);
        return cli_print(line, err) ? 0 : -1;
    }
    _cleanup_(keeper_cleanup) struct keeper *keeper = keeper_of_launch(cli->client, &prepared->network);
    int status =
        cli->debug ? attach_shell(&inside, &cli->stream, err) : attach_tmux(&inside, &cli->stream, err);
    bool others = cli->debug && plan.was_running; /* it is not this shell's to end */
    return others ? status : cli_detach(cli, &inside, status, err);
}

int cli_shell(struct cli *cli, struct error *err) {
    _cleanup_(prepared_done) struct prepared prepared = {0};
    const char *what = cli->command->name;
    if (!cli->background && !cli->dry_run && !tty_both()) {
        error_set(err, ERROR_USAGE, "%s needs a terminal: stdin or stdout is not one", what);
        error_hint(err, "--background starts the session without attaching; berth run runs a command");
        return -1;
    }
    cli->request.settings = &cli->settings;
    cli->request.terminal = !cli->background;
    cli->request.shell = true;
    cli->request.plain = cli->debug;
    if (!cli_connect(cli, err) ||
        (cli->resume ? !resume(cli, err) : !(cli->request.session_id = record_new_id())))
        return -1;
    if (!cli_ask_workspace(cli, err) || !prepare_launch(cli->client, &cli->request, &prepared, err))
        return -1;
    if (!cli->dry_run)
        return launch(cli, &prepared, err);
    _cleanup_(plan_done) struct plan plan = {0};
    prepare_plan(&prepared, &plan);
    _cleanup_json_ json_t *json = plan_json(&plan);
    json_object_set_new(json, "place", place_json(&prepared.place));
    return cli_print_json(json, err) ? 0 : -1;
}

const struct flag *const shell_flags[] = {&flag_background, &flag_debug,      &flag_dry_run,   &flag_accept,
                                          &flag_no_root,    &flag_strict,     &flag_cpu,       &flag_memory,
                                          &flag_disk_read,  &flag_disk_write, &flag_processes, NULL};

const struct command command_shell = {
    .name = "shell",
    .arguments = "",
    .summary = "an interactive session: tmux in a container, attached",
    .help = "Starts [tool] command of the settings, or the user's shell, in tmux. When the tool ends, the\n"
            "session goes on with the user's shell. Detaching (Ctrl-b d), closing the terminal and losing\n"
            "the connection leave it running. When it ends its container is removed, or stopped and kept\n"
            "with --persistent. A persistent container of the workspace is used again.",
    .flags = shell_flags,
    .run = cli_shell};
