#include "base/tty.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "idmap/explain.h"
#include "incus/instance.h"
#include "session/stream.h"
#include "session/verify.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

struct run {
    struct cli *cli;
    struct stream_joint *joint;
};

static void caught(void *data, int signal) {
    struct run *run = data;
    if (run->joint)
        stream_signal(run->joint, signal);
    else if (signal != SIGWINCH)
        cli_notice(run->cli, "cancelling; what was created is removed");
}

static void notice(void *data, const char *words) {
    cli_notice(((struct run *)data)->cli, "%s", words);
}

static void progress(void *data, const char *words) {
    if (isatty(STDERR_FILENO))
        notice(data, words);
}

/* The user's own program, with the container's name: no shell reads it. */
static bool pre_start(void *data, struct incus *client, const char *name, struct error *err) {
    const struct run *run = data;
    const char *program = settings_text(&run->cli->settings, SETTING_PRE_START);
    char *argv[] = {(char *)program, (char *)name, NULL};
    posix_spawnattr_t attributes;
    pid_t pid;
    int status = -1;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, loop_signals_old(incus_loop(client)));
    int number = posix_spawn(&pid, program, NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    if (number)
        return error_errno(err, number, "pre_start %s", program);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    return error_set(err, ERROR_FAILED, "pre_start %s ended with status %d: %s was not started", program,
                     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), name);
}

static void say_mapping(struct cli *cli, const struct prepared *prepared) {
    _cleanup_(strings_done) struct strings warnings = {0};
    _cleanup_free_ char *reason = explain_reason(&prepared->facts, &prepared->decision),
                        *raw = explain_raw(prepared->decision.raw);
    explain_warnings(&prepared->facts, &prepared->decision, &warnings);
    if (isatty(STDERR_FILENO))
        cli_notice(cli, "%s: %s (%s)", prepared->workspace.path, *raw ? raw : "shift", reason);
    for (size_t i = 0; i < warnings.count; i++)
        cli_notice(cli, "warning: %s", warnings.items[i]);
}

/*
 * The session's end: an ephemeral instance is deleted by the daemon once it has been asked to stop
 * it, a persistent one is stopped and kept. Neither is waited for.
 */
static bool leave(struct cli *cli, const struct plan *plan, struct error *err) {
    _cleanup_(error_done) struct error asking = {0};
    if (instance_ask(cli->client, plan->name, "stop", !plan->persistent, &asking))
        return true;
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(error_done) struct error looking = {0};
    if (asking.class == ERROR_FAILED && !instance_get(cli->client, plan->name, &instance, &looking) &&
        looking.code == 404)
        return true; /* it has ended itself */
    if (plan->persistent) {
        if (instance.json && !instance_running(&instance))
            return true;
        error_move(err, &asking);
        error_prefix(err, "%s still runs", plan->name);
        return false;
    }
    return session_undo(cli->client, plan, err);
}

/*
 * Verified while the command's streams are being connected; it runs only after that. The calls go out
 * in this order because the daemon takes its time for each, and the verification is what all wait for.
 */
static int run_command(struct run *run, const struct plan *plan, struct error *err) {
    struct cli *cli = run->cli;
    struct exec_request request = {.command = plan->command.items,
                                   .uid = plan->code.uid,
                                   .gid = plan->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = plan->environment,
                                   .terminal = cli->request.terminal};
    int status = -1;
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    _cleanup_(verification_cleanup) struct verification *verification = verify_begin(cli->client, plan);
    loop_interruptible(cli->loop, true);
    bool good = verify_expanded(cli->client, plan, err);
    _cleanup_(stream_cleanup) struct stream_joint *joint =
        good ? stream_prepare(cli->client, plan->name, &request) : NULL;
    good = good && verify_end(verification, err);
    loop_interruptible(cli->loop, false);
    run->joint = joint;
    if (good && !stream_run(joint, cli->timeout, &status, err))
        status = -1;
    run->joint = NULL;
    return status;
}

static int launch_and_run(struct run *run, struct prepared *prepared, struct error *err) {
    struct cli *cli = run->cli;
    _cleanup_(plan_done) struct plan plan = {0};
    struct launch_watcher watcher = {.notice = notice, .progress = progress, .data = run};
    if (*settings_text(&cli->settings, SETTING_PRE_START))
        watcher.pre_start = pre_start;
    if (!session_launch(cli->client, prepared, &watcher, &plan, err))
        return -1;
    int status = run_command(run, &plan, err);
    /* a persistent container keeps what the command made, whatever happened to it */
    _cleanup_(error_done) struct error leaving = {0};
    if (!leave(cli, &plan, &leaving)) {
        if (err->class == ERROR_NONE)
            error_move(err, &leaving);
        else
            error_also(err, &leaving);
    }
    if (status >= 0 && loop_last_signal(cli->loop) && err->class == ERROR_NONE && status == 0)
        status = 128 + loop_last_signal(cli->loop);
    return status;
}

static int run_run(struct cli *cli, struct error *err) {
    struct run run = {.cli = cli};
    if (cli->arguments.count == 0) {
        error_set(err, ERROR_USAGE, "run what? no command was given");
        error_hint(err, "berth run -- COMMAND ARGUMENTS");
        return -1;
    }
    for (size_t i = 0; i < cli->arguments.count; i++) {
        if (!str_is_utf8(cli->arguments.items[i])) {
            error_set(err, ERROR_USAGE,
                      "argument %zu of the command is not UTF-8, which Incus cannot be told", i + 1);
            return -1;
        }
        strings_add(&cli->request.command, cli->arguments.items[i]);
    }
    cli->request.settings = &cli->settings;
    cli->request.terminal = tty_both();
    _cleanup_(prepared_done) struct prepared prepared = {0};
    if (!cli_connect(cli, err) || !session_prepare(cli->client, &cli->request, &prepared, err))
        return -1;
    if (cli->dry_run) {
        _cleanup_(plan_done) struct plan plan = {0};
        session_plan(&prepared, &plan);
        _cleanup_json_ json_t *json = plan_json(&plan);
        return cli_print_json(json, err) ? 0 : -1;
    }
    if (!loop_signals(cli->loop, caught, &run, err))
        return -1;
    say_mapping(cli, &prepared);
    return launch_and_run(&run, &prepared, err);
}

static const struct flag *const flags[] = {&flag_dry_run,   &flag_timeout,    &flag_cpu,       &flag_memory,
                                           &flag_disk_read, &flag_disk_write, &flag_processes, NULL};

const struct command command_run = {
    .name = "run",
    .arguments = "[FLAGS] [--] COMMAND [ARGUMENTS]",
    .summary = "run one command in a container of its own, as code, in /workspace",
    .help = "Launches a container for the workspace, runs the command in it and removes it again. The\n"
            "command's streams are yours, unchanged; on a terminal it has a terminal. The exit status is\n"
            "the command's own, 128+N if signal N ended it, 127 if there is no such command.",
    .flags = flags,
    .takes_command = true,
    .run = run_run};
