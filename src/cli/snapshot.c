/* `berth snapshot …`. */
#include "session/snapshot.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "cli/shell.h"
#include "cli/targets.h"
#include "session/differ.h"
#include "session/restore.h"
#include "workspace/name.h"

#include <time.h>

/* The session, which has to be there, and its snapshots. */
static bool load(struct cli *cli, struct instance *instance, struct snapshots *snapshots,
                 struct error *err) {
    return cli_connect(cli, err) && cli_get_session(cli, cli->arguments.items[0], instance, err) &&
           snapshot_list(cli->client, instance->name, snapshots, err);
}

/* The second argument, NULL if there is none. */
static const char *named(const struct cli *cli) {
    return cli->arguments.count > 1 ? cli->arguments.items[1] : NULL;
}

static void progress(void *data, const char *words) {
    if (isatty(STDERR_FILENO))
        cli_notice(data, "%s", words);
}

static int create(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_free_ char *name = named(cli) ? str_copy(named(cli)) : snapshot_new_name(time_now_ms());
    if (!snapshot_check_name(name, err) || !cli_connect(cli, err) ||
        !cli_get_session(cli, cli->arguments.items[0], &instance, err) ||
        !snapshot_take(cli->client, instance.name, name, cli->stateful, progress, cli, err))
        return -1;
    _cleanup_free_ char *line = str_printf("%s\n", name);
    cli_notice(cli, "snapshot %s of %s: " RESTORE_WORKSPACE, name, instance.name);
    return cli_print(line, err) ? 0 : -1;
}

static void print_row(const struct snapshot *snapshot, struct buffer *text) {
    time_t seconds = (time_t)snapshot->created;
    struct tm parts;
    char when[32];
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", localtime_r(&seconds, &parts));
    buffer_printf(text, "  %-32s %s%s%s\n", snapshot->name, when, snapshot->stateful ? "  with memory" : "",
                  snapshot_is_automatic(snapshot->name) ? "  automatic" : "");
}

static int list(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(snapshots_done) struct snapshots snapshots = {0};
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_json_ json_t *json = json_array();
    if (!load(cli, &instance, &snapshots, err))
        return -1;
    buffer_printf(&text, "Snapshots of %s:\n", instance.name);
    for (size_t i = 0; i < snapshots.count; i++) {
        print_row(&snapshots.items[i], &text);
        json_array_append_new(json, snapshot_json(&snapshots.items[i]));
    }
    if (!snapshots.count)
        buffer_text(&text, "  (none)\n");
    return (cli_wants_json(cli) ? cli_print_json(json, err) : cli_print(text.data, err)) ? 0 : -1;
}

static int restore(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(snapshots_done) struct snapshots snapshots = {0};
    _cleanup_(strings_done) struct strings lost = {0};
    _cleanup_free_ char *saved = NULL;
    if (!load(cli, &instance, &snapshots, err))
        return -1;
    const struct snapshot *snapshot = snapshot_choose(instance.name, &snapshots, named(cli), err);
    if (!snapshot)
        return -1;
    restore_losses(&instance, snapshot, &cli->settings, &lost);
    _cleanup_free_ char *question = str_printf("restore %s from %s?", instance.name, snapshot->name);
    if (!targets_confirm(cli, question, &lost, true, err) || !cli_catch_signals(cli, err) ||
        !restore_session(cli->client, instance.name, snapshot->name, &cli->settings, progress, cli, &saved,
                         err))
        return -1;
    if (saved)
        cli_notice(cli, "what was there before is in the snapshot %s", saved);
    _cleanup_free_ char *line = str_printf("Restored %s from %s\n", instance.name, snapshot->name);
    return cli_print(line, err) ? 0 : -1;
}

/* The workspace and image are the other session's, unless something else was said. */
static bool follow(struct cli *cli, const struct instance *instance, struct error *err) {
    const char *image = instance_config(instance, LABEL_IMAGE), *prefix = name_prefix(err);
    _cleanup_(session_done) struct session session = {0};
    _cleanup_(records_done) struct records records = {.remote = incus_remote(cli->client)};
    if (!prefix)
        return false;
    session_read(&session, prefix, instance, &records);
    if (session.foreign || !*session.workspace)
        return error_set(err, ERROR_FAILED,
                         "%s is no session: it has no workspace that a branch could have", instance->name);
    if (!cli->request.workspace)
        cli->request.workspace = cli_workspace_of(cli, session.workspace);
    if (session.persistent && cli->settings.values[SETTING_PERSISTENT].origin < ORIGIN_FLAG &&
        !settings_flag(&cli->settings, SETTING_PERSISTENT, "the session", "true", err))
        return false;
    return !*image || settings_flag(&cli->settings, SETTING_IMAGE, "the session", image, err);
}

static int branch(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(snapshots_done) struct snapshots snapshots = {0};
    if (cli->resume) {
        error_set(err, ERROR_USAGE,
                  "--resume cannot be used with snapshot branch: a branch is a new session");
        return -1;
    }
    if (!load(cli, &instance, &snapshots, err) ||
        (named(cli) && !snapshot_choose(instance.name, &snapshots, named(cli), err)) ||
        !follow(cli, &instance, err))
        return -1;
    str_set(&cli->request.branch, instance.name);
    str_set(&cli->request.branch_snapshot, named(cli));
    return cli_shell(cli, err);
}

static int delete_them(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(snapshots_done) struct snapshots snapshots = {0};
    _cleanup_(strings_done) struct strings details = {0};
    if (!load(cli, &instance, &snapshots, err))
        return -1;
    for (size_t i = 1; i < cli->arguments.count; i++) {
        if (!snapshot_choose(instance.name, &snapshots, cli->arguments.items[i], err))
            return -1;
        strings_printf(&details, "  %s", cli->arguments.items[i]);
    }
    _cleanup_free_ char *question = str_printf("delete %zu snapshot%s of %s?", details.count,
                                               details.count == 1 ? "" : "s", instance.name);
    if (!targets_confirm(cli, question, &details, true, err))
        return -1;
    for (size_t i = 1; i < cli->arguments.count; i++)
        if (!snapshot_delete(cli->client, instance.name, cli->arguments.items[i], err))
            return -1;
    return 0;
}

static int rename_it(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(snapshots_done) struct snapshots snapshots = {0};
    const char *to = cli->arguments.items[2];
    if (!snapshot_check_name(to, err) || !load(cli, &instance, &snapshots, err) ||
        !snapshot_choose(instance.name, &snapshots, named(cli), err))
        return -1;
    if (snapshots_find(&snapshots, to)) {
        error_set(err, ERROR_FAILED, "%s has a snapshot %s already", instance.name, to);
        return -1;
    }
    return snapshot_rename(cli->client, instance.name, named(cli), to, err) ? 0 : -1;
}

#define DIFF_LINES 2000

static int diff(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(snapshots_done) struct snapshots snapshots = {0};
    _cleanup_(differ_done) struct differ differ = {0};
    if (!load(cli, &instance, &snapshots, err))
        return -1;
    const struct snapshot *snapshot = snapshot_choose(instance.name, &snapshots, named(cli), err);
    if (!snapshot || !cli_catch_signals(cli, err) ||
        !differ_load(cli->client, instance.name, snapshot->name, DIFF_LINES, progress, cli, &differ, err))
        return -1;
    strings_add(&differ.lines, "");
    _cleanup_free_ char *text = strings_join(&differ.lines, "\n");
    if (!cli_print(text, err))
        return -1;
    if (differ.more)
        cli_notice(cli, "and %zu more: the first %d are shown", differ.more, DIFF_LINES);
    return 0;
}

const struct command command_snapshot = {
    .name = "snapshot",
    .most = MANY,
    .arguments = "COMMAND",
    .summary = "what a session's container was at one moment",
    .help = "A snapshot is the container without its workspace: " RESTORE_WORKSPACE ".\n"
            "berth takes one by itself before a restore; see [snapshot] in the settings.",
    .run = cli_group};
const struct command command_snapshot_create = {.name = "snapshot create",
                                                .least = 1,
                                                .most = 2,
                                                .completes = COMPLETES_SESSIONS,
                                                .arguments = "NAME [SNAPSHOT]",
                                                .summary = "take one; what runs goes on running",
                                                .flags = (const struct flag *const[]){&flag_stateful, NULL},
                                                .run = create};
const struct command command_snapshot_list = {.name = "snapshot list",
                                              .least = 1,
                                              .most = 1,
                                              .completes = COMPLETES_SESSIONS,
                                              .arguments = "NAME",
                                              .summary = "the snapshots of a session, oldest first",
                                              .flags = (const struct flag *const[]){&flag_format, NULL},
                                              .run = list};
const struct command command_snapshot_restore = {
    .name = "snapshot restore",
    .least = 1,
    .most = 2,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME [SNAPSHOT]",
    .summary = "go back to one; asks first on a terminal",
    .help =
        "Without SNAPSHOT: the last one that somebody took. What runs is ended, and the container stays\n"
        "stopped. Mapping, guard, network and limits stay as they are now; " RESTORE_WORKSPACE ".\n"
        "What was there before is kept as a snapshot, too, unless [snapshot] before says otherwise.",
    .flags = (const struct flag *const[]){&flag_force, NULL},
    .run = restore};
const struct command command_snapshot_delete = {.name = "snapshot delete",
                                                .least = 2,
                                                .most = MANY,
                                                .completes = COMPLETES_SESSIONS,
                                                .arguments = "NAME SNAPSHOT…",
                                                .summary = "delete them; asks first on a terminal",
                                                .flags = (const struct flag *const[]){&flag_force, NULL},
                                                .run = delete_them};
const struct command command_snapshot_rename = {.name = "snapshot rename",
                                                .least = 3,
                                                .most = 3,
                                                .completes = COMPLETES_SESSIONS,
                                                .arguments = "NAME SNAPSHOT NEW",
                                                .summary = "give one another name",
                                                .run = rename_it};
const struct command command_snapshot_branch = {
    .name = "snapshot branch",
    .least = 1,
    .most = 2,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME [SNAPSHOT]",
    .summary = "a new session that begins with the files of another",
    .help =
        "Takes the next free slot of the same workspace; without SNAPSHOT it begins with what the other\n"
        "session is now, which goes on undisturbed. Mapping, guard and network are decided anew.\n"
        "Both see the same /workspace: two slots of one directory.",
    .flags = shell_flags,
    .run = branch};
const struct command command_snapshot_diff = {
    .name = "snapshot diff",
    .least = 1,
    .most = 2,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME [SNAPSHOT]",
    .summary = "the files that differ from it, outside the workspace",
    .help = "+ is there now, - was there then, ~ has another size, owner, mode or time of modification;\n"
            "contents are not read. At most 2000 lines. What is mounted from the host is left out, and\n"
            "so is /run.",
    .run = diff};
