#include "session/attach.h"
#include "base/tty.h"
#include "cli/command.h"
#include "cli/detaching.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "launch/label.h"
#include "launch/place.h"
#include "launch/prepare.h"
#include "session/list.h"
#include "session/network.h"
#include "workspace/name.h"

#include <string.h>

static bool runs(const struct session *row) {
    return str_equal(row->status, "Running");
}

/* The sessions that run, in coi's form. */
static bool print_active(const struct session_list *sessions, struct error *err) {
    _cleanup_(buffer_done) struct buffer out = {0};
    buffer_text(&out, "Active sessions:\n");
    for (size_t i = 0; i < sessions->count; i++) {
        _cleanup_free_ char *workspace = str_shown(sessions->items[i].workspace);
        if (runs(&sessions->items[i]))
            buffer_printf(&out, "  %s  %s\n", sessions->items[i].name, workspace);
    }
    buffer_text(&out, "\nAttach with: berth attach NAME\n");
    return cli_print(out.data, err);
}

/* The name of the one that runs. NULL without an error: several do, or there is no terminal; listed. */
static char *only_one(struct cli *cli, const char *prefix, struct error *err) {
    _cleanup_(session_list_done) struct session_list sessions = {0};
    const struct session *found = NULL;
    size_t count = 0;
    if (!session_list_load(cli->client, prefix, false, &sessions, err))
        return NULL;
    for (size_t i = 0; i < sessions.count; i++)
        if (runs(&sessions.items[i])) {
            found = &sessions.items[i];
            count++;
        }
    if (count == 1 && tty_both())
        return str_copy(found->name);
    if (count) {
        (void)!print_active(&sessions, err);
        return NULL;
    }
    error_set(err, ERROR_FAILED, "no active sessions");
    error_hint(err, "berth shell starts one");
    return NULL;
}

static char *find_name(struct cli *cli, struct error *err) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(place_done) struct place place = {0};
    const char *prefix = name_prefix(err);
    if (!prefix)
        return NULL;
    if (cli->arguments.count)
        return str_copy(cli->arguments.items[0]);
    if (!cli->request.slot)
        return only_one(cli, prefix, err);
    cli->request.settings = &cli->settings;
    if (!place_find(cli->client, &cli->request, &workspace, &place, err))
        return NULL;
    return name_of(prefix, workspace.path, cli->request.slot);
}

static bool check(const struct cli *cli, const struct instance *instance, struct error *err) {
    if (instance_running(instance))
        return true;
    error_set(err, ERROR_FAILED, "%s is not running (status: %s)", instance->name, instance->status);
    _cleanup_free_ char *workspace =
        cli_workspace_of(cli, instance_device(instance, WORKSPACE_DEVICE, "source"));
    if (str_equal(instance->status, "Stopped"))
        error_hint(err, "berth shell -w %s --persistent starts it again", workspace);
    else
        error_hint(err, "berth container start %s starts it again", instance->name);
    return false;
}

static int attach(struct cli *cli, const struct inside *inside, struct error *err) {
    bool alive;
    if (cli->bash)
        return attach_shell(inside, &cli->stream, err);
    loop_interruptible(cli->loop, true);
    bool asked = tmux_alive(inside, &alive, err);
    loop_interruptible(cli->loop, false);
    if (!asked)
        return -1;
    if (!alive) {
        error_set(err, ERROR_FAILED, "%s has no tmux session to attach to", inside->name);
        error_hint(err, "berth attach --bash %s opens a shell in it", inside->name);
        return -1;
    }
    int status = attach_tmux(inside, &cli->stream, err);
    return cli_detach(cli, inside, status, err);
}

/* What is there is looked at before the terminal is. */
static int run(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_connect(cli, err))
        return -1;
    _cleanup_free_ char *name = find_name(cli, err);
    if (!name)
        return err->class ? -1 : 0;
    if (!cli_get_session(cli, name, &instance, err) || !check(cli, &instance, err))
        return -1;
    if (!tty_both()) {
        error_set(err, ERROR_USAGE, "attach needs a terminal: stdin or stdout is not one");
        error_hint(err, "berth tmux capture %s prints what the session shows", instance.name);
        return -1;
    }
    if (!cli_catch_signals(cli, err))
        return -1;
    cli->request.settings = &cli->settings;
    cli->request.terminal = true;
    _cleanup_json_ json_t *environment = prepare_environment(&cli->request);
    struct inside inside = {cli->client, instance.name, label_code(&instance, &cli->settings), environment,
                            str_equal(instance_config(&instance, LABEL_ROOT), "deny")};
    _cleanup_(keeper_cleanup) struct keeper *keeper = session_keep_network(cli->client, &instance);
    return attach(cli, &inside, err);
}

static const struct flag *const flags[] = {&flag_bash, NULL};

const struct command command_attach = {
    .name = "attach",
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .arguments = "[NAME]",
    .summary = "attach to a running session",
    .help = "Without NAME: the one that is running, or the one in --slot of the workspace; several are\n"
            "listed. Ctrl-b d detaches.",
    .flags = flags,
    .run = run};
