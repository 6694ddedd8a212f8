#include "base/tty.h"
#include "cli/commands.h"
#include "cli/flags.h"
#include "cli/joining.h"
#include "cli/launching.h"
#include "session/conclude.h"
#include "session/name.h"
#include "session/verify.h"

#include <string.h>

/* The request that a saved session stands for: its workspace, its slot, its name. */
static bool apply_record(struct cli *cli, const struct record *record, struct error *err) {
    unsigned int slot = 0;
    const char *prefix = name_prefix(err);
    if (!prefix)
        return false;
    name_parse(prefix, record->container, &slot);
    str_set(&cli->request.workspace, record->workspace);
    str_set(&cli->request.session_id, record->id);
    cli->request.slot = slot;
    cli->request.resume = true;
    return !record->persistent ||
           settings_flag(&cli->settings, SETTING_PERSISTENT, "the saved session", "true", err);
}

static bool resume(struct cli *cli, struct error *err) {
    _cleanup_(records_done) struct records records = {0};
    _cleanup_(workspace_done) struct workspace workspace = {0};
    const struct record *record = NULL;
    records_load(&records);
    if (*cli->resume) {
        record = records_of_id(&records, cli->resume, err);
        return record && apply_record(cli, record, err);
    }
    if (!workspace_find(cli->request.workspace ? cli->request.workspace : ".", &workspace, err))
        return false;
    record = records_of_workspace(&records, workspace.path);
    if (record)
        return apply_record(cli, record, err);
    error_set(err, ERROR_FAILED, "no saved session of %s to resume", workspace.path);
    error_hint(err, "berth list --all shows those that there are; --resume=ID takes one of them");
    return false;
}

/* "/usr/bin/claude --model x" is the tool "claude": records of different tools lie apart, as coi's do. */
static char *tool_name(const char *tool) {
    tool += strspn(tool, " \t");
    _cleanup_free_ char *word = str_copy_n(tool, strcspn(tool, " \t"));
    const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
    return str_copy(*name && name[0] != '.' ? name : "shell");
}

/* The record of the container: the one that it has, or a new one; with what is true now. */
static bool keep_record(struct cli *cli, const struct prepared *prepared, const struct plan *plan,
                        struct error *err) {
    _cleanup_(records_done) struct records records = {0};
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_(record_done) struct record fresh = {0};
    records_load(&records);
    const struct record *known = records_of_container(&records, plan->name);
    if (!known && cli->resume)
        known = records_of_id(&records, cli->request.session_id, &ignored);
    if (!known) {
        _cleanup_free_ char *tool = tool_name(settings_text(&cli->settings, SETTING_TOOL));
        const char *id = instance_config(&prepared->existing, RECORD_KEY);
        record_init(&fresh, tool, *id ? id : cli->request.session_id, plan->name, prepared->workspace.path,
                    plan->persistent);
        return record_save(&fresh, err);
    }
    struct record *record = (struct record *)known;
    str_set(&record->container, plan->name);
    record->persistent = plan->persistent;
    return record_save(record, err);
}

static bool verify(struct cli *cli, const struct plan *plan, struct error *err) {
    if (plan->other_mapping)
        return true;
    _cleanup_(verification_cleanup) struct verification *verification = verify_begin(cli->client, plan);
    return verify_expanded(cli->client, plan, err) && verify_end(verification, err);
}

/* A session without its record, or a record without its session, is not left behind. */
static bool set_up(struct cli *cli, const struct prepared *prepared, const struct plan *plan,
                   const struct inside *inside, struct error *err) {
    bool alive = false;
    loop_interruptible(cli->loop, true);
    bool good = verify(cli, plan, err) && keep_record(cli, prepared, plan, err) &&
                (!plan->was_running || tmux_alive(inside, &alive, err));
    if (good && !cli->debug && !alive)
        good = tmux_wait_ready(inside, err) &&
               tmux_start(inside, settings_text(&cli->settings, SETTING_TOOL), err);
    loop_interruptible(cli->loop, false);
    if (good || plan->reused)
        return good;
    _cleanup_(error_done) struct error undo = {0};
    if (!session_undo(cli->client, plan, &undo))
        error_also(err, &undo);
    else
        conclude_forget(plan->name);
    return false;
}

static int launch(struct cli *cli, struct prepared *prepared, struct error *err) {
    _cleanup_(plan_done) struct plan plan = {0};
    if (!cli_open_session(cli, prepared, &plan, err))
        return -1;
    struct inside inside = {cli->client, plan.name, plan.code, plan.environment};
    if (!set_up(cli, prepared, &plan, &inside, err))
        return -1;
    if (cli->background) {
        _cleanup_free_ char *line = str_printf("%s\n", plan.name);
        cli_notice(cli, "%s runs; berth attach %s goes into it", plan.name, plan.name);
        return cli_print(line, err) ? 0 : -1;
    }
    int status = cli->debug ? cli_join_shell(cli, &inside, err) : cli_join_tmux(cli, &inside, err);
    bool others = cli->debug && plan.was_running; /* it is not this shell's to end */
    return others ? status : cli_leave(cli, &inside, status, err);
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(prepared_done) struct prepared prepared = {0};
    if (!cli_at_most(cli, 0, err))
        return -1;
    if (!cli->background && !cli->dry_run && !tty_both()) {
        error_set(err, ERROR_USAGE, "shell needs a terminal, and there is none");
        error_hint(err, "--background starts the session without one; berth run is for commands");
        return -1;
    }
    cli->request.settings = &cli->settings;
    cli->request.terminal = !cli->background;
    cli->request.lasting = true;
    if (cli->resume ? !resume(cli, err) : !(cli->request.session_id = record_new_id()))
        return -1;
    if (!cli_connect(cli, err) || !session_prepare(cli->client, &cli->request, &prepared, err))
        return -1;
    if (!cli->dry_run)
        return launch(cli, &prepared, err);
    _cleanup_(plan_done) struct plan plan = {0};
    session_plan(&prepared, &plan);
    _cleanup_json_ json_t *json = plan_json(&plan);
    return cli_print_json(json, err) ? 0 : -1;
}

static const struct flag *const flags[] = {
    &flag_background, &flag_resume,    &flag_continue,   &flag_debug,     &flag_dry_run, &flag_cpu,
    &flag_memory,     &flag_disk_read, &flag_disk_write, &flag_processes, NULL};

const struct command command_shell = {
    .name = "shell",
    .arguments = "",
    .summary = "a session that lasts: tmux in a container, attached",
    .help = "Starts [tool] command of the settings, or the user's shell, in tmux. Detaching, closing the\n"
            "terminal and losing the connection leave it running. When it ends its container is removed,\n"
            "or stopped and kept with --persistent. A persistent container of the workspace is used again.",
    .flags = flags,
    .run = run};
