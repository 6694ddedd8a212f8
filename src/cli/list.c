#include "session/list.h"
#include "base/time.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "idmap/explain.h"
#include "record/record.h"
#include "session/orphan.h"
#include "session/protection.h"
#include "session/standby.h"
#include "watch/glance.h"
#include "workspace/name.h"

#include <string.h>

/* "Active Containers:" and what follows it is coi's form, which scripts read. */
static void row_text(const struct session *row, const struct activity *activity, struct buffer *out) {
    _cleanup_free_ char *image = str_shown(row->image), *workspace = str_shown(row->workspace),
                        *raw = explain_raw(row->raw);
    buffer_printf(out, "  %s (%s)%s\n", row->name, row->persistent ? "persistent" : "ephemeral",
                  row->orphaned ? " (orphaned: its berth has died; it is being removed)" : "");
    buffer_printf(out, "    Status: %s\n", row->status);
    if (activity->count) {
        _cleanup_free_ char *text = activity_reason(activity, time_now_ms());
        const char *program = activity_program(activity);
        buffer_printf(out, "    Activity: %s%s%s%s\n", text, *program ? " (" : "", program,
                      *program ? ")" : "");
    }
    if (*row->ipv4)
        buffer_printf(out, "    IPv4: %s\n", row->ipv4);
    buffer_printf(out, "    Created: %s\n    Image: %s\n    Workspace: %s\n", row->created_at, image,
                  workspace);
    buffer_printf(out, "    Mapping: %s%s%s\n",
                  row->method == IDMAP_REFUSED ? "none" : explain_method(row->method), *raw ? " " : "",
                  raw);
    buffer_printf(out, "    Network: %s%s%s\n", network_mode_name(row->mode), *row->allow ? ", allow " : "",
                  row->allow);
    if (row->changed)
        buffer_printf(out, "    Guard: %zu path%s changed; berth guard %s shows them\n", row->changed,
                      row->changed == 1 ? "" : "s", row->name);
    if (*row->location)
        buffer_printf(out, "    Location: %s\n", row->location);
    if (*row->published)
        buffer_printf(out, "    Published: %s\n", row->published);
}

static json_t *words_json(const char *list) {
    _cleanup_free_ char *copy = str_copy(list);
    json_t *words = json_array();
    for (char *rest = copy, *end; *rest; rest = end) {
        end = strstr(rest, ", ");
        if (end)
            *end = 0;
        json_array_append_new(words, json_text(rest));
        end = end ? end + 2 : rest + strlen(rest);
    }
    return words;
}

static json_t *row_json(const struct session *row, const struct activity *activity) {
    json_t *json = json_pack(
        "{s:s, s:s, s:s, s:o, s:b, s:s, s:o, s:I, s:o, s:s, s:b, s:{s:s, s:s, s:b}, s:{s:s, "
        "s:o, s:o}, s:s, s:{s:s, s:I}}",
        "name", row->name, "status", row->status, "created_at", row->created_at, "image",
        json_text(row->image), "persistent", row->persistent, "ipv4", row->ipv4, "workspace",
        json_text(row->workspace), "slot", (json_int_t)row->slot, "uptime",
        row->uptime < 0 ? json_null() : json_integer(row->uptime), "owner", row->owner, "orphaned",
        row->orphaned, "idmap", "method",
        row->method == IDMAP_REFUSED ? "none" : explain_method(row->method), "raw", row->raw, "shift",
        row->shift, "network", "mode", network_mode_name(row->mode), "allow", words_json(row->allow),
        "published", words_json(row->published), "location", row->location, "guard", "against",
        row->holds_root ? "root"
        : row->guarded  ? "code"
                        : "",
        "changed", (json_int_t)row->changed);
    _cleanup_json_ json_t *live = activity_json(activity, time_now_ms());
    json_object_update(json, live);
    return json;
}

static void record_text(const struct record *record, struct buffer *out) {
    _cleanup_free_ char *id = str_shown(record->id), *workspace = str_shown(record->workspace),
                        *saved = str_shown(record->saved_at), *container = str_shown(record->container);
    buffer_printf(out, "  %s (%s)\n    Container: %s\n    Saved: %s\n    Workspace: %s\n", id,
                  record->persistent ? "persistent" : "ephemeral", container, saved, workspace);
    if (record->data >= 0) {
        _cleanup_free_ char *data = record_data_words(record);
        buffer_printf(out, "    Data: %s\n", data);
    }
}

static void print_text(const struct session_list *sessions, const struct activity *activities,
                       const struct records *saved, const struct standbys *standbys, struct buffer *out) {
    buffer_text(out, "Active Containers:\n");
    for (size_t i = 0; i < sessions->count; i++)
        row_text(&sessions->items[i], &activities[i], out);
    if (sessions->count == 0)
        buffer_text(out, "  (none)\n");
    if (!saved)
        return;
    buffer_text(out, "\nSaved Sessions:\n");
    for (size_t i = 0; i < saved->count; i++)
        record_text(&saved->items[i], out);
    if (saved->count == 0)
        buffer_text(out, "  (none)\n");
    if (standbys->count)
        buffer_text(out, "\nStandby Containers:\n");
    for (size_t i = 0; i < standbys->count; i++)
        buffer_printf(out, "  %s\n", standbys->items[i].name);
}

static json_t *make_json(const struct session_list *sessions, const struct activity *activities,
                         const struct records *saved, const struct standbys *standbys) {
    json_t *active = json_array(), *value = json_object();
    for (size_t i = 0; i < sessions->count; i++)
        json_array_append_new(active, row_json(&sessions->items[i], &activities[i]));
    json_object_set_new(value, "active_containers", active);
    if (!saved)
        return value;
    json_t *records = json_array();
    for (size_t i = 0; i < saved->count; i++)
        json_array_append_new(records, record_json(&saved->items[i]));
    json_object_set_new(value, "saved_sessions", records);
    json_t *waiting = json_array();
    for (size_t i = 0; i < standbys->count; i++)
        json_array_append_new(waiting, json_string(standbys->items[i].name));
    json_object_set_new(value, "standby_containers", waiting);
    return value;
}

static int print(const struct cli *cli, const struct session_list *sessions,
                 const struct activity *activities, const struct records *shown,
                 const struct standbys *standbys, struct error *err) {
    if (cli_wants_json(cli)) {
        _cleanup_json_ json_t *json = make_json(sessions, activities, shown, standbys);
        return cli_print_json(json, err) ? 0 : -1;
    }
    _cleanup_(buffer_done) struct buffer text = {0};
    print_text(sessions, activities, shown, standbys, &text);
    return cli_print(text.data, err) ? 0 : -1;
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(session_list_done) struct session_list sessions = {0};
    _cleanup_(records_done) struct records saved = {0};
    _cleanup_(standbys_done) struct standbys standbys = {0};
    const char *prefix = name_prefix(err);
    if (!prefix || !cli_connect(cli, err) || !session_list_load(cli->client, prefix, true, &sessions, err))
        return -1;
    if (cli->all && !standbys_load(cli->client, prefix, &cli->settings, &standbys, err))
        return -1;
    saved.remote = incus_remote(cli->client);
    if (cli->all)
        records_load(&saved);
    for (size_t i = 0; i < saved.unreadable.count; i++)
        cli_notice(cli, "not a session record: %s", saved.unreadable.items[i]);
    protections_mark_list(cli->client, prefix, &sessions);
    orphans_settle(cli->client, &sessions);
    size_t orphans = orphans_remove(cli->client, &sessions);
    if (orphans)
        cli_notice(cli, "%zu orphaned container%s of runs whose berth has died: removing", orphans,
                   orphans == 1 ? "" : "s");
    _cleanup_free_ struct activity *activities = mem_new((sessions.count + 1) * sizeof *activities);
    int status = -1;
    if (glance(cli->client, &cli->settings, &sessions, activities, err))
        status = print(cli, &sessions, activities, cli->all ? &saved : NULL, &standbys, err);
    for (size_t i = 0; i < sessions.count; i++)
        activity_done(&activities[i]);
    return status;
}

static const struct flag *const flags[] = {&flag_all, &flag_format, NULL};

const struct command command_list = {.name = "list",
                                     .arguments = "",
                                     .summary = "the sessions that there are, berth's and coi's",
                                     .flags = flags,
                                     .run = run};
