#include "session/standby.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "idmap/explain.h"
#include "launch/prepare.h"
#include "workspace/name.h"

static bool load(struct cli *cli, struct standbys *standbys, struct error *err) {
    const char *prefix = name_prefix(err);
    return prefix && cli_connect(cli, err) &&
           standbys_load(cli->client, prefix, &cli->settings, standbys, err);
}

static const char *state_of(const struct standby_row *row) {
    return row->stale ? "stale" : row->running ? "ready" : "starting";
}

static void row_text(const struct standby_row *row, struct buffer *out) {
    _cleanup_free_ char *image = str_shown(row->image), *raw = explain_raw(row->raw);
    buffer_printf(out, "  %s (%s%s%s)\n    Image: %s\n    Mapping: %s\n    Network: %s\n    Age: %lld s\n",
                  row->name, state_of(row), row->stale ? ": " : "", row->stale ? row->stale : "", image,
                  *raw ? raw : "shift", row->network, (long long)row->age);
}

static json_t *row_json(const struct standby_row *row) {
    return json_pack("{s:s, s:s, s:s?, s:o, s:s, s:s, s:s, s:I}", "name", row->name, "state", state_of(row),
                     "why", row->stale, "image", json_text(row->image), "raw", row->raw, "owner", row->host,
                     "network", row->network, "age", (json_int_t)row->age);
}

static int list(struct cli *cli, struct error *err) {
    _cleanup_(standbys_done) struct standbys standbys = {0};
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_json_ json_t *rows = json_array();
    if (!load(cli, &standbys, err))
        return -1;
    buffer_text(&text, "Standby Containers:\n");
    for (size_t i = 0; i < standbys.count; i++) {
        row_text(&standbys.items[i], &text);
        json_array_append_new(rows, row_json(&standbys.items[i]));
    }
    if (!standbys.count)
        buffer_text(&text, "  (none)\n");
    if (!cli_wants_json(cli))
        return cli_print(text.data, err) ? 0 : -1;
    _cleanup_json_ json_t *json = json_pack("{s:O}", "standby_containers", rows);
    return cli_print_json(json, err) ? 0 : -1;
}

static bool print_count(const char *verb, size_t count, struct error *err) {
    _cleanup_free_ char *line = str_printf("%s %zu standby container(s)\n", verb, count);
    return cli_print(line, err);
}

static int fill(struct cli *cli, struct error *err) {
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(standbys_done) struct standbys standbys = {0};
    size_t made = 0, removed = 0;
    cli->request.settings = &cli->settings;
    if (!cli_ask_workspace(cli, err) || !load(cli, &standbys, err) || !cli_catch_signals(cli, err) ||
        !standbys_remove(cli->client, &standbys, true, &removed, err))
        return -1;
    loop_interruptible(cli->loop, true);
    bool good = prepare_launch(cli->client, &cli->request, &prepared, err) &&
                standbys_fill(cli->client, &prepared, &standbys, &made, err);
    loop_interruptible(cli->loop, false);
    if (good || made)
        good = print_count("Made", made, err) && good;
    return good ? 0 : -1;
}

static int clear(struct cli *cli, struct error *err) {
    _cleanup_(standbys_done) struct standbys standbys = {0};
    size_t removed = 0;
    if (!load(cli, &standbys, err))
        return -1;
    bool good = standbys_remove(cli->client, &standbys, false, &removed, err);
    return print_count("Removed", removed, err) && good ? 0 : -1;
}

const struct command command_standby = {
    .name = "standby",
    .most = MANY,
    .arguments = "COMMAND",
    .summary = "containers that are started before they are needed",
    .help =
        "With [container] standby = N a run takes one of N containers that wait, which is several times\n"
        "faster, and has the next one made. Each is used once. It has the settings' image, mapping and\n"
        "network; its workspace comes when it is taken. It may use a twentieth of one CPU meanwhile.\n"
        "What was made by other settings, an older image or version, or a day ago, is removed. Runs that\n"
        "need a name, a first start or AppArmor's rules of their own do without (run --dry-run says so).",
    .run = cli_group};

const struct command command_standby_list = {.name = "standby list",
                                             .arguments = "",
                                             .summary = "those that wait",
                                             .flags = (const struct flag *const[]){&flag_format, NULL},
                                             .run = list};

const struct command command_standby_fill = {
    .name = "standby fill",
    .arguments = "",
    .summary = "make those that are missing for runs in this workspace, and wait until they run",
    .run = fill};

const struct command command_standby_clear = {
    .name = "standby clear", .arguments = "", .summary = "remove all that wait", .run = clear};
