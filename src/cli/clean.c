#include "cli/command.h"
#include "cli/flags.h"
#include "cli/targets.h"
#include "network/found.h"
#include "session/orphan.h"
#include "session/standby.h"
#include "session/tmux.h"
#include "workspace/name.h"

#include <time.h>

/* A session that is just being started has no tmux yet. */
#define STARTING_SECONDS 15

/* One that runs although nobody was there when its tmux ended. Doubt keeps it. */
static bool has_ended(struct cli *cli, const struct session *row) {
    _cleanup_(error_done) struct error ignored = {0};
    bool any = true;
    return row->shell && str_equal(row->status, "Running") && row->started &&
           time(NULL) - row->started > STARTING_SECONDS &&
           tmux_of_anybody(cli->client, row->name, &any, &ignored) && !any;
}

/* Of an ephemeral session that has ended, and nobody was there to remove it. */
static bool is_left_over(struct cli *cli, const struct session *row) {
    return !row->persistent && !row->orphaned && (str_equal(row->status, "Stopped") || has_ended(cli, row));
}

static bool has_container(const struct targets *targets, const struct record *record) {
    for (size_t i = 0; i < targets->sessions.count; i++)
        if (str_equal(targets->sessions.items[i].name, record->container))
            return true;
    return false;
}

static void find(struct cli *cli, struct targets *targets, struct strings *details,
                 const struct record **records, size_t *count) {
    bool containers = cli->all || !cli->sessions, sessions = cli->all || cli->sessions;
    for (size_t i = 0; containers && i < targets->sessions.count; i++) {
        const struct session *row = &targets->sessions.items[i];
        if (!is_left_over(cli, row))
            continue;
        targets->rows[targets->count++] = row;
        strings_printf(details, "  container %s (ephemeral, %s)", row->name,
                       str_equal(row->status, "Stopped") ? "stopped" : "its session has ended");
    }
    for (size_t i = 0; sessions && i < targets->records.count; i++) {
        const struct record *record = &targets->records.items[i];
        if (has_container(targets, record))
            continue;
        _cleanup_free_ char *id = str_shown(record->id), *container = str_shown(record->container);
        records[(*count)++] = record;
        _cleanup_free_ char *data = record_data_words(record);
        strings_printf(details, "  saved session %s (its container %s is gone%s%s)", id, container,
                       record->data < 0 ? "" : "; data of its tool: ", record->data < 0 ? "" : data);
    }
}

static int remove_all(struct cli *cli, const struct targets *targets, const struct record **records,
                      size_t count, struct error *err) {
    _cleanup_free_ bool *remove = mem_new(targets->count + 1);
    for (size_t i = 0; i < targets->count; i++)
        remove[i] = true;
    int status = targets->count ? targets_end(cli, targets, "Cleaned", remove, true, -1, err) : 0;
    for (size_t i = 0; i < count && status == 0; i++) {
        if (!record_remove(records[i], err))
            return -1;
        _cleanup_free_ char *id = str_shown(records[i]->id);
        cli_notice(cli, "saved session %s removed", id);
    }
    return status;
}

/* What belongs to nobody any more is not asked for: nothing of it is anybody's. */
static size_t remove_orphans(struct cli *cli, struct targets *targets) {
    _cleanup_free_ struct stop *stops = mem_new((targets->sessions.count + 1) * sizeof *stops);
    _cleanup_(error_done) struct error ignored = {0};
    size_t count = 0, good = 0;
    orphans_settle(cli->client, &targets->sessions);
    for (size_t i = 0; i < targets->sessions.count; i++)
        if (targets->sessions.items[i].orphaned)
            stops[count++] =
                (struct stop){.session = &targets->sessions.items[i], .force = true, .remove = true};
    bool waited = stop_sessions(cli->client, stops, count, &ignored);
    for (size_t i = 0; i < count && waited; i++) {
        good += stops[i].done;
        cli_notice(cli, stops[i].done ? "%s removed: its berth has died" : "%s could not be removed",
                   stops[i].session->name);
        stop_done(&stops[i]);
    }
    return good;
}

/* Networks that nobody uses hold nothing; the next launch that needs one makes it. */
static void remove_networks(struct cli *cli) {
    _cleanup_(strings_done) struct strings removed = {0};
    _cleanup_(error_done) struct error ignored = {0}; /* whoever may not look at networks has made none */
    if (!networks_remove_unused(cli->client, &removed, &ignored))
        return;
    for (size_t i = 0; i < removed.count; i++)
        cli_notice(cli, "network %s removed: nobody uses it", removed.items[i]);
}

static int clean(struct cli *cli, struct error *err) {
    _cleanup_(targets_done) struct targets targets = {0};
    _cleanup_(strings_done) struct strings details = {0};
    const char *prefix = name_prefix(err);
    if (!prefix || !cli_connect(cli, err) ||
        !session_list_load(cli->client, prefix, false, &targets.sessions, err))
        return -1;
    targets.records.remote = incus_remote(cli->client);
    records_load(&targets.records);
    targets.rows = mem_new((targets.sessions.count + 1) * sizeof *targets.rows);
    _cleanup_free_ const struct record **records = mem_new((targets.records.count + 1) * sizeof *records);
    size_t count = 0, orphans = remove_orphans(cli, &targets);
    find(cli, &targets, &details, records, &count);
    if (details.count == 0 && orphans)
        return targets_summary("Cleaned", orphans, err) ? 0 : -1;
    if (details.count == 0)
        return cli_print("Nothing to clean\n", err) ? 0 : -1;
    _cleanup_free_ char *question = str_printf("remove %s?", details.count == 1 ? "this" : "these");
    if (!targets_confirm(cli, question, &details, false, err))
        return -1;
    return remove_all(cli, &targets, records, count, err);
}

/* Standby containers that no run will take any more; there is nothing of anybody's in them. */
static void remove_standbys(struct cli *cli) {
    _cleanup_(standbys_done) struct standbys standbys = {0};
    _cleanup_(error_done) struct error ignored = {0};
    size_t removed = 0;
    const char *prefix = name_prefix(&ignored);
    if (!prefix || !standbys_load(cli->client, prefix, &cli->settings, &standbys, &ignored))
        return;
    if (!standbys_remove(cli->client, &standbys, true, &removed, &ignored))
        cli_notice(cli, "%s", ignored.message);
    if (removed)
        cli_notice(cli, "%zu standby container%s removed: no run would take %s", removed,
                   removed == 1 ? "" : "s", removed == 1 ? "it" : "them");
}

/* At last, when what was removed uses none any more. */
static int run(struct cli *cli, struct error *err) {
    int status = clean(cli, err);
    if (status == 0) {
        remove_standbys(cli);
        remove_networks(cli);
    }
    return status;
}

static const struct flag *const flags[] = {&flag_sessions, &flag_both, &flag_force, NULL};

const struct command command_clean = {
    .name = "clean",
    .arguments = "[--sessions] [--all]",
    .summary = "remove what ended sessions have left",
    .help =
        "Containers of runs whose berth has died are removed in any case. Without a flag: containers\n"
        "of ephemeral sessions that have ended. --sessions: saved sessions\n"
        "whose container is gone. --all: both. A session that goes on and what is persistent is never\n"
        "touched. Asks first. Standby containers that no run would take, and networks of sessions that\n"
        "nobody uses, are removed as well.",
    .flags = flags,
    .run = run};
