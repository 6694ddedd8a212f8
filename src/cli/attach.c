#include "base/tty.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/joining.h"
#include "cli/launching.h"
#include "session/name.h"
#include "session/overview.h"

#include <string.h>

static bool runs(const struct session_row *row) {
    return str_equal(row->status, "Running");
}

/* With one that runs, that; with several, they are listed. */
static char *only_one(struct cli *cli, const char *prefix, struct error *err) {
    _cleanup_(overview_done) struct overview overview = {0};
    const struct session_row *found = NULL;
    size_t count = 0;
    if (!overview_load(cli->client, prefix, false, &overview, err))
        return NULL;
    for (size_t i = 0; i < overview.count; i++)
        if (runs(&overview.rows[i])) {
            found = &overview.rows[i];
            count++;
        }
    if (count == 1)
        return str_copy(found->name);
    error_set(err, count ? ERROR_USAGE : ERROR_FAILED,
              count ? "several sessions run: which one?" : "no session runs");
    for (size_t i = 0; i < overview.count; i++)
        if (runs(&overview.rows[i]))
            error_hint(err, "berth attach %s   %s", overview.rows[i].name, overview.rows[i].workspace);
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
        return join_shell(inside, &cli->joint, err);
    if (!tmux_alive(inside, &alive, err))
        return -1;
    if (!alive) {
        error_set(err, ERROR_FAILED, "%s has no tmux session to attach to", inside->name);
        error_hint(err, "berth attach --bash %s opens a shell in it", inside->name);
        return -1;
    }
    int status = join_tmux(inside, &cli->joint, err);
    return cli_leave(cli, inside, status, err);
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
    _cleanup_json_ json_t *environment = session_environment(&cli->request);
    struct inside inside = {cli->client, instance.name, session_code(&instance, &cli->settings),
                            environment};
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
