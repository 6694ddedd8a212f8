#include "session/attach.h"
#include "base/tty.h"
#include "cli/command.h"
#include "cli/detaching.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "launch/label.h"
#include "launch/prepare.h"
#include "session/list.h"
#include "workspace/name.h"

#include <string.h>

static bool runs(const struct session *row) {
    return str_equal(row->status, "Running");
}

/* With one that runs, that; with several, they are listed. */
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
    if (count == 1)
        return str_copy(found->name);
    error_set(err, count ? ERROR_USAGE : ERROR_FAILED,
              count ? "several sessions run: which one?" : "no session runs");
    for (size_t i = 0; i < sessions.count; i++)
        if (runs(&sessions.items[i]))
            error_hint(err, "berth attach %s   %s", sessions.items[i].name, sessions.items[i].workspace);
    if (!count)
        error_hint(err, "berth shell starts one");
    return NULL;
}

static char *find_name(struct cli *cli, struct error *err) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    const char *prefix = name_prefix(err);
    if (!prefix)
        return NULL;
    if (cli->arguments.count)
        return str_copy(cli->arguments.items[0]);
    if (!cli->request.slot)
        return only_one(cli, prefix, err);
    if (!workspace_find(cli->request.workspace ? cli->request.workspace : ".", &workspace, err))
        return NULL;
    return name_of(prefix, workspace.path, cli->request.slot);
}

static bool check(const struct instance *instance, struct error *err) {
    if (instance_running(instance))
        return true;
    error_set(err, ERROR_FAILED, "%s does not run: it is %s", instance->name, instance->status);
    const char *workspace = instance_device(instance, WORKSPACE_DEVICE, "source");
    if (str_equal(instance->status, "Stopped"))
        error_hint(err, "berth shell -w %s --persistent starts it again", workspace);
    else
        error_hint(err, "incus start %s lets it run again", instance->name);
    return false;
}

static int attach(struct cli *cli, const struct inside *inside, struct error *err) {
    bool alive;
    if (cli->bash)
        return attach_shell(inside, &cli->stream, err);
    if (!tmux_alive(inside, &alive, err))
        return -1;
    if (!alive) {
        error_set(err, ERROR_FAILED, "%s has no tmux session to attach to", inside->name);
        error_hint(err, "berth attach --bash %s opens a shell in it", inside->name);
        return -1;
    }
    int status = attach_tmux(inside, &cli->stream, err);
    return cli_detach(cli, inside, status, err);
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_at_most(cli, 1, err))
        return -1;
    if (!tty_both()) {
        error_set(err, ERROR_USAGE, "attach needs a terminal, and there is none");
        error_hint(err, "berth tmux capture NAME prints what a session shows");
        return -1;
    }
    if (!cli_connect(cli, err))
        return -1;
    _cleanup_free_ char *name = find_name(cli, err);
    if (!name || !cli_get_session(cli, name, &instance, err) || !check(&instance, err) ||
        !cli_catch_signals(cli, err))
        return -1;
    cli->request.settings = &cli->settings;
    cli->request.terminal = true;
    _cleanup_json_ json_t *environment = prepare_environment(&cli->request);
    struct inside inside = {cli->client, instance.name, label_code(&instance, &cli->settings), environment};
    return attach(cli, &inside, err);
}

static const struct flag *const flags[] = {&flag_bash, NULL};

const struct command command_attach = {
    .name = "attach",
    .completes = COMPLETES_SESSIONS,
    .arguments = "[NAME]",
    .summary = "go into a session that runs",
    .help = "Without NAME: the one that runs, or the one in --slot of the workspace. Ctrl-b d leaves it\n"
            "running.",
    .flags = flags,
    .run = run};
