#include "session/run.h"
#include "base/tty.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "launch/claim.h"
#include "launch/guarding.h"
#include "launch/open.h"
#include "launch/prepare.h"
#include "launch/refill.h"
#include "launch/verify.h"
#include "network/keeper.h"
#include "session/warden.h"
#include "workspace/workspace.h"

#define SLOT_RETRY_MS 200
#define STATUS_CUT    125

/* Of the command, which looks itself whether all is as planned if it has a condition. */
static struct exec_request request_of(const struct cli *cli, const struct plan *plan,
                                      const char *condition) {
    struct exec_request request = {.command = plan->command.items,
                                   .uid = plan->code.uid,
                                   .gid = plan->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = plan->environment,
                                   .terminal = cli->request.terminal,
                                   .condition = condition,
                                   .argument = plan->expected};
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    return request;
}

/* In a container that runs already the command's process waits for its workspace. */
static void claimed(void *data, const struct plan *plan) {
    struct cli *cli = data;
    _cleanup_free_ char *condition = cli->capture ? NULL : verify_gate(plan);
    struct exec_request request = request_of(cli, plan, condition);
    request.early = true;
    if (condition)
        cli->early = stream_prepare(cli->client, plan->name, &request);
}

static void lost(void *data) {
    struct cli *cli = data;
    stream_free(cli->early);
    cli->early = NULL;
}

/* What ends a run whatever its command does, and what comes after it. */
struct running {
    struct keeper *keeper;
    struct warden *warden;
    struct refill *refill;
};

static void running_cleanup(struct running *running) {
    keeper_stop(running->keeper);
    warden_free(running->warden);
    refill_end(running->refill);
}

static int capture_command(struct cli *cli, const struct plan *plan, const struct exec_request *request,
                           struct error *err) {
    _cleanup_(capture_done) struct capture capture = {0};
    loop_interruptible(cli->loop, true);
    bool ran = exec_capture(cli->client, plan->name, request, 0, &capture, err);
    loop_interruptible(cli->loop, false);
    return ran ? cli_print_capture(cli, &capture, err) : capture.status;
}

static int run_once(struct cli *cli, const struct plan *plan, const char *condition, struct error *err) {
    const struct exec_request request = request_of(cli, plan, condition);
    if (cli->capture)
        return capture_command(cli, plan, &request, err);
    _cleanup_(stream_cleanup) struct stream *stream =
        cli->early ? cli->early : stream_prepare(cli->client, plan->name, &request);
    cli->early = NULL;
    return cli_run_stream(cli, stream, err);
}

static bool look(struct cli *cli, const struct prepared *prepared, const struct plan *plan, bool slowly,
                 struct error *err) {
    const struct launch_watcher watcher = cli_watcher(cli);
    loop_interruptible(cli->loop, true);
    bool good = slowly ? verify_slowly(cli->client, plan, &watcher, err)
                       : (prepared->standby || verify_expanded(cli->client, plan, err)) &&
                             guarding_verify(cli->client, prepared, plan, &watcher, err);
    loop_interruptible(cli->loop, false);
    return good;
}

/*
 * The command's own gate looks whether all inside is as planned, in the same process, so that nothing is
 * between the look and the command. Where it cannot, or sees that it is not so, it is looked at by itself.
 */
static int run_command(struct cli *cli, struct prepared *prepared, const struct plan *plan,
                       struct running *running, struct error *err) {
    _cleanup_free_ char *condition = verify_gate(plan);
    if (!look(cli, prepared, plan, false, err) || (!condition && !look(cli, prepared, plan, true, err)))
        return -1;
    running->keeper = keeper_of_launch(cli->client, &prepared->network);
    running->warden = prepared->owner ? warden_start(cli->client, plan->name) : NULL;
    running->refill = refill_begin(cli->client, prepared);
    int status = run_once(cli, plan, condition, err);
    if (err->class != ERROR_FAILED || err->code != EXEC_UNMET)
        return status;
    error_done(err);
    return look(cli, prepared, plan, true, err) ? run_once(cli, plan, NULL, err) : -1;
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
        struct launch_watcher watcher = cli_watcher(cli);
        watcher.claimed = claimed;
        watcher.lost = lost;
        if (prepare_launch(cli->client, &cli->request, prepared, err) &&
            cli_open_session(cli, prepared, &watcher, plan, err))
            return true;
    } while (await_slot(cli, prepared, since, &said, err));
    return false;
}

/*
 * The connection to a remote was cut, and the command's streams with it: what became of the container is
 * said. The status is env(1)'s and docker's for what is not the command's own.
 */
static int say_cut(struct cli *cli, const struct plan *plan, bool asked, struct error *err) {
    if (asked && plan->persistent)
        error_hint(err, "%s was stopped, and is kept", plan->name);
    else if (asked && instance_await_end(cli->client, plan->name))
        error_hint(err, "%s was removed", plan->name);
    else
        error_hint(err,
                   "%s is removed as soon as the remote can be reached, for a minute; then: berth --remote "
                   "%s clean",
                   plan->name, incus_remote(cli->client));
    return STATUS_CUT;
}

static int launch_and_run(struct cli *cli, struct error *err) {
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    loop_interruptible(cli->loop, true);
    bool good = cli_catch_signals(cli, err) && open_container(cli, &prepared, &plan, err);
    loop_interruptible(cli->loop, false);
    if (!good) {
        lost(cli);
        return -1;
    }
    _cleanup_(running_cleanup) struct running running = {0};
    int status = run_command(cli, &prepared, &plan, &running, err);
    lost(cli); /* if it never came to its command */
    refill_hurry(running.refill);
    cli_say_changed(cli, plan.name);
    /* a persistent container keeps what the command made, whatever happened to it */
    _cleanup_(error_done) struct error leaving = {0};
    bool left = false;
    if (!run_finish(cli->client, &prepared, &plan, &leaving)) {
        if (err->class == ERROR_NONE)
            error_move(err, &leaving);
        else
            error_also(err, &leaving);
        left = true;
    }
    if (status < 0 && err->class == ERROR_DAEMON && incus_is_remote(cli->client))
        status = say_cut(cli, &plan, !left, err);
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
    bool hooked = *settings_text(&cli->settings, SETTING_PRE_START);
    json_object_set_new(json, "place", place_json(&prepared.place));
    json_object_set_new(json, "standby", launch_foresee(cli->client, &prepared, hooked));
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

static const struct flag *const flags[] = {
    &flag_dry_run,   &flag_accept,  &flag_cold,           &flag_no_root,   &flag_strict,
    &flag_timeout,   &flag_cpu,     &flag_memory,         &flag_disk_read, &flag_disk_write,
    &flag_processes, &flag_capture, &flag_capture_format, &flag_wait,      NULL};

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
        "taken a run waits for one. With [container] standby it takes a container that waits (berth help\n"
        "standby); --cold does not.",
    .flags = flags,
    .takes_command = true,
    .run = run_run};
