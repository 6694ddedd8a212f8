/* What commands that launch and join sessions share: notices, the hook, signals, the joined terminal. */
#include "cli/launching.h"

#include "base/tty.h"
#include "idmap/explain.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>

static void caught(void *data, int signal) {
    struct cli *cli = data;
    if (cli->joint)
        stream_signal(cli->joint, signal);
    else if (signal != SIGWINCH)
        cli_notice(cli, "cancelling; what was created is removed");
}

static void notice(void *data, const char *words) {
    cli_notice(data, "%s", words);
}

static void progress(void *data, const char *words) {
    if (isatty(STDERR_FILENO))
        notice(data, words);
}

/* The user's own program, with the container's name: no shell reads it. */
static bool pre_start(void *data, struct incus *client, const char *name, struct error *err) {
    const struct cli *cli = data;
    const char *program = settings_text(&cli->settings, SETTING_PRE_START);
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

static bool ask(void *data, const char *question) {
    const struct cli *cli = data;
    char answer[16] = "";
    if (cli->quiet || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
        return false;
    fprintf(stderr, "%s [y/N] ", question);
    return fgets(answer, sizeof answer, stdin) &&
           (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0);
}

bool cli_open_session(struct cli *cli, struct prepared *prepared, struct plan *plan, struct error *err) {
    struct launch_watcher watcher = {.notice = notice, .progress = progress, .ask = ask, .data = cli};
    if (*settings_text(&cli->settings, SETTING_PRE_START))
        watcher.pre_start = pre_start;
    cli_say_mapping(cli, prepared);
    return loop_signals(cli->loop, caught, cli, err) &&
           session_open(cli->client, prepared, &watcher, plan, err);
}

void cli_say_mapping(const struct cli *cli, const struct prepared *prepared) {
    _cleanup_(strings_done) struct strings warnings = {0};
    _cleanup_free_ char *reason = explain_reason(&prepared->facts, &prepared->decision),
                        *raw = explain_raw(prepared->decision.raw);
    explain_warnings(&prepared->facts, &prepared->decision, &warnings);
    if (isatty(STDERR_FILENO))
        cli_notice(cli, "%s: %s (%s)", prepared->workspace.path, *raw ? raw : "shift", reason);
    for (size_t i = 0; i < warnings.count; i++)
        cli_notice(cli, "warning: %s", warnings.items[i]);
}

int cli_run_joint(struct cli *cli, struct stream_joint *joint, struct error *err) {
    int status = -1;
    cli->joint = joint;
    if (!stream_run(joint, cli->timeout, &status, err))
        status = -1;
    cli->joint = NULL;
    return status;
}

bool cli_catch_signals(struct cli *cli, struct error *err) {
    return loop_signals(cli->loop, caught, cli, err);
}
