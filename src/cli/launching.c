/* What commands that launch and join sessions share: notices, the hook, signals, the joined terminal. */
#include "cli/launching.h"

#include "base/tty.h"
#include "guard/check.h"
#include "idmap/explain.h"
#include "launch/hook.h"
#include "launch/open.h"
#include "launch/trust.h"
#include "workspace/workspace.h"

#include <string.h>
#include <strings.h>

static void caught(void *data, int signal) {
    struct cli *cli = data;
    if (cli->stream)
        stream_signal(cli->stream, signal);
    else if (signal != SIGWINCH)
        cli_notice(cli, "cancelled");
}

static void notice(void *data, const char *words) {
    cli_notice(data, "%s", words);
}

static void progress(void *data, const char *words) {
    if (isatty(STDERR_FILENO))
        notice(data, words);
}

static bool pre_start(void *data, struct incus *client, const char *name, struct error *err) {
    const struct cli *cli = data;
    return hook_run(incus_loop(client), settings_text(&cli->settings, SETTING_PRE_START), name, err);
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

struct launch_watcher cli_watcher(struct cli *cli) {
    bool hook = *settings_text(&cli->settings, SETTING_PRE_START);
    return (struct launch_watcher){.notice = notice,
                                   .progress = progress,
                                   .pre_start = hook ? pre_start : NULL,
                                   .ask = ask,
                                   .data = cli};
}

bool cli_open_session(struct cli *cli, struct prepared *prepared, const struct launch_watcher *watcher,
                      struct plan *plan, struct error *err) {
    cli_say_mapping(cli, prepared);
    return loop_signals(cli->loop, caught, cli, err) &&
           launch_open(cli->client, prepared, watcher, plan, err);
}

void cli_say_mapping(const struct cli *cli, const struct prepared *prepared) {
    _cleanup_(strings_done) struct strings warnings = {0};
    _cleanup_free_ char *reason = explain_reason(&prepared->facts, &prepared->decision),
                        *raw = explain_raw(prepared->decision.raw);
    explain_warnings(&prepared->facts, &prepared->decision, &warnings);
    network_warnings(&prepared->network, &warnings);
    if (prepared->place.why)
        cli_notice(cli, "on %s", prepared->place.why);
    if (isatty(STDERR_FILENO))
        cli_notice(cli, "%s: %s (%s)", prepared->workspace.path, *raw ? raw : "shift", reason);
    for (size_t i = 0; i < warnings.count; i++)
        cli_notice(cli, "warning: %s", warnings.items[i]);
}

bool cli_ask_workspace(struct cli *cli, struct error *err) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(asked_done) struct asked asked = {0};
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *given = cli->request.workspace ? cli->request.workspace : ".", *path = NULL;
    if (workspace_is_qualified(given, &first, &second, &path))
        return true; /* what lies in it is not seen from here */
    if (!workspace_find(given, &workspace, err) ||
        !trust_apply(workspace.source, &cli->settings, &asked, err))
        return false;
    for (size_t i = 0; i < asked.taken.count && isatty(STDERR_FILENO); i++) {
        _cleanup_free_ char *shown = str_shown(asked.taken.items[i]);
        cli_notice(cli, "the workspace asks: %s", shown);
    }
    for (size_t i = 0; i < asked.refused.count; i++) {
        _cleanup_free_ char *shown = str_shown(asked.refused.items[i]);
        cli_notice(cli, "warning: not taken: %s; berth trust takes it", shown);
    }
    return true;
}

char *cli_workspace_of(const struct cli *cli, const char *workspace) {
    const char *remote = incus_remote(cli->client);
    const struct workspace directory = {.source = (char *)workspace};
    bool shared = workspace_is_shared(&directory, settings_text(&cli->settings, SETTING_SHARED));
    return remote && !shared ? str_printf("%s:%s", remote, workspace) : str_copy(workspace);
}

void cli_say_changed(const struct cli *cli, const char *name) {
    _cleanup_free_ char *id = check_id(incus_address(cli->client), incus_project(cli->client), name);
    _cleanup_free_ char *workspace = NULL;
    size_t changed = check_changed(id, &workspace);
    if (changed)
        fprintf(stderr, "berth: warning: %zu guarded path%s of %s changed; berth guard %s shows %s\n",
                changed, changed == 1 ? "" : "s", workspace, workspace, changed == 1 ? "it" : "them");
}

int cli_run_stream(struct cli *cli, struct stream *stream, struct error *err) {
    int status = -1;
    cli->stream = stream;
    if (!stream_run(stream, cli->timeout, &status, err))
        status = -1;
    cli->stream = NULL;
    return status;
}

bool cli_catch_signals(struct cli *cli, struct error *err) {
    return loop_signals(cli->loop, caught, cli, err);
}

bool cli_check_capture(const struct cli *cli, struct error *err) {
    return !cli->format || cli->capture ||
           error_set(err, ERROR_USAGE, "--format needs --capture: without it nothing is captured");
}

int cli_print_capture(const struct cli *cli, const struct capture *capture, struct error *err) {
    const char *out = capture->out.data ? capture->out.data : "";
    if (str_equal(cli->format, "raw"))
        return cli_print(out, err) ? capture->status : -1;
    _cleanup_json_ json_t *json =
        json_pack("{s:o, s:o, s:i}", "stdout", json_text(out), "stderr",
                  json_text(capture->err.data ? capture->err.data : ""), "exit_code", capture->status);
    return cli_print_json(json, err) ? 0 : -1;
}
