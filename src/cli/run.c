#include "session/run.h"
#include "base/tty.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "launch/guarding.h"
#include "launch/prepare.h"
#include "launch/verify.h"
#include "network/keeper.h"
#include "session/warden.h"
#include "workspace/workspace.h"

#define SLOT_RETRY_MS 200

/*
 * Verified while the command's streams are being connected; it runs only after that. The calls go out
 * in this order because the daemon takes its time for each, and the verification is what all wait for.
 */
static int run_command(struct cli *cli, const struct prepared *prepared, const struct plan *plan,
                       struct error *err) {
    struct exec_request request = {.command = plan->command.items,
                                   .uid = plan->code.uid,
                                   .gid = plan->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = plan->environment,
                                   .terminal = cli->request.terminal};
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    _cleanup_(verification_cleanup) struct verification *verification = verify_begin(cli->client, plan);
    loop_interruptible(cli->loop, true);
    const struct launch_watcher watcher = cli_watcher(cli);
    /* a command that is prepared has to begin within seconds */
    bool good = verify_expanded(cli->client, plan, err) &&
                guarding_verify(cli->client, prepared, plan, &watcher, err);
    _cleanup_(stream_cleanup) struct stream *stream =
        good && !cli->capture ? stream_prepare(cli->client, plan->name, &request) : NULL;
    good = good && verify_end(verification, &watcher, err);
    _cleanup_(keeper_cleanup) struct keeper *keeper = keeper_of_launch(cli->client, &prepared->network);
    _cleanup_(warden_cleanup) struct warden *warden =
        good && prepared->owner ? warden_start(cli->client, plan->name) : NULL;
    if (good && cli->capture) {
        _cleanup_(capture_done) struct capture capture = {0};
        bool ran = exec_capture(cli->client, plan->name, &request, 0, &capture, err);
        loop_interruptible(cli->loop, false);
        return ran ? cli_print_capture(cli, &capture, err) : capture.status;
    }
    loop_interruptible(cli->loop, false);
    return good ? cli_run_stream(cli, stream, err) : -1;
}

/* Slots are many but not endless: a run waits for one as long as it is told to. */
static bool await_slot(struct cli *cli, const struct prepared *prepared, int64_t since, bool *said,
                       struct error *err) {
    if (!prepared->full || err->class != ERROR_FAILED || loop_now() - since >= cli->wait * 1000)
        return false;
    if (!*said)
        cli_notice(cli, "all slots of %s are taken: waiting for one, at most %ld s",
                   prepared->workspace.path, cli->wait);
    *said = true;
    error_done(err);
    loop_interruptible(cli->loop, true);
    return loop_pause(cli->loop, SLOT_RETRY_MS, err);
}

static bool open_container(struct cli *cli, struct prepared *prepared, struct plan *plan,
                           struct error *err) {
    int64_t since = loop_now();
    bool said = false;
    do {
        plan_done(plan);
        prepared_done(prepared);
        if (prepare_launch(cli->client, &cli->request, prepared, err) &&
            cli_open_session(cli, prepared, plan, err))
            return true;
    } while (await_slot(cli, prepared, since, &said, err));
    return false;
}

static int launch_and_run(struct cli *cli, struct error *err) {
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    loop_interruptible(cli->loop, true);
    bool good = cli_catch_signals(cli, err) && open_container(cli, &prepared, &plan, err);
    loop_interruptible(cli->loop, false);
    if (!good)
        return -1;
    int status = run_command(cli, &prepared, &plan, err);
    cli_say_changed(cli, plan.name);
    /* a persistent container keeps what the command made, whatever happened to it */
    _cleanup_(error_done) struct error leaving = {0};
    if (!run_finish(cli->client, &prepared, &plan, &leaving)) {
        if (err->class == ERROR_NONE)
            error_move(err, &leaving);
        else
            error_also(err, &leaving);
    }
    if (status >= 0 && loop_last_signal(cli->loop) && err->class == ERROR_NONE && status == 0)
        status = 128 + loop_last_signal(cli->loop);
    return status;
}

static int dry_run(struct cli *cli, struct error *err) {
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    if (!prepare_launch(cli->client, &cli->request, &prepared, err))
        return -1;
    prepare_plan(&prepared, &plan);
    _cleanup_json_ json_t *json = plan_json(&plan);
    return cli_print_json(json, err) ? 0 : -1;
}

static int run_run(struct cli *cli, struct error *err) {
    if (!cli_check_capture(cli, err))
        return -1;
    for (size_t i = 0; i < cli->arguments.count; i++) {
        if (!str_is_utf8(cli->arguments.items[i])) {
            error_set(err, ERROR_USAGE,
                      "argument %zu of the command is not valid UTF-8, which Incus requires", i + 1);
            return -1;
        }
        strings_add(&cli->request.command, cli->arguments.items[i]);
    }
    cli->request.settings = &cli->settings;
    cli->request.terminal = tty_both() && !cli->capture;
    if (!cli_ask_workspace(cli, err) || !cli_connect(cli, err))
        return -1;
    return cli->dry_run ? dry_run(cli, err) : launch_and_run(cli, err);
}

static const struct flag *const flags[] = {&flag_dry_run,    &flag_accept,
                                           &flag_no_root,    &flag_strict,
                                           &flag_timeout,    &flag_cpu,
                                           &flag_memory,     &flag_disk_read,
                                           &flag_disk_write, &flag_processes,
                                           &flag_capture,    &flag_capture_format,
                                           &flag_wait,       NULL};

const struct command command_run = {
    .name = "run",
    .least = 1,
    .most = MANY,
    .arguments = "[FLAGS] [--] COMMAND [ARGUMENTS]",
    .summary = "run one command in a container of its own, as code, in /workspace",
    .help =
        "Launches a container for the workspace, runs the command in it and removes it again. The\n"
        "command's streams are yours, unchanged; on a terminal it has a terminal. The exit status is\n"
        "the command's own, 128+N if signal N ended it, 127 if there is no such command. The container\n"
        "does not outlive berth, however that ends. A workspace has 99 slots for runs; when all are\n"
        "taken a run waits for one.",
    .flags = flags,
    .takes_command = true,
    .run = run_run};
