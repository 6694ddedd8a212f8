#include "session/network.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "incus/project.h"
#include "network/found.h"
#include "network/up.h"

static void found_text(const struct network_found *found, struct buffer *out) {
    _cleanup_(strings_done) struct strings lines = {0};
    _cleanup_free_ char *users = strings_join(&found->used_by, ", ");
    rules_explain(&found->rules, &lines);
    buffer_printf(out, "  %s (%s)\n    Subnet: %s\n", found->name, network_mode_name(found->rules.mode),
                  found->subnet);
    for (size_t i = 0; i < lines.count; i++)
        buffer_printf(out, "    %s%s\n", i ? "         " : "Network: ", lines.items[i]);
    buffer_printf(out, "    Used by: %s\n", *users ? users : "nobody; berth network down removes it");
}

static json_t *found_json(const struct network_found *found) {
    json_t *json = rules_json(&found->rules), *users = json_array();
    for (size_t i = 0; i < found->used_by.count; i++)
        json_array_append_new(users, json_text(found->used_by.items[i]));
    json_object_set_new(json, "name", json_text(found->name));
    json_object_set_new(json, "subnet", json_text(found->subnet));
    json_object_set_new(json, "used_by", users);
    return json;
}

static int list(struct cli *cli, struct error *err) {
    _cleanup_(networks_done) struct networks networks = {0};
    if (!cli_connect(cli, err) || !networks_load(cli->client, &networks, err))
        return -1;
    if (cli_wants_json(cli)) {
        json_t *all = json_array();
        _cleanup_json_ json_t *json = json_pack("{s:o}", "networks", all);
        for (size_t i = 0; i < networks.count; i++)
            json_array_append_new(all, found_json(&networks.items[i]));
        return cli_print_json(json, err) ? 0 : -1;
    }
    _cleanup_(buffer_done) struct buffer text = {0};
    buffer_text(&text, "Networks:\n");
    for (size_t i = 0; i < networks.count; i++)
        found_text(&networks.items[i], &text);
    if (!networks.count)
        buffer_text(&text, "  (none)\n");
    return cli_print(text.data, err) ? 0 : -1;
}

static int up(struct cli *cli, struct error *err) {
    _cleanup_(network_done) struct network network = {0};
    if (!cli_connect(cli, err) || !network_init(&network, cli->client, &cli->settings, err))
        return -1;
    const char *mode = network_mode_name(network.rules.mode);
    if (!network.name) {
        error_set(err, ERROR_USAGE, "%s sessions need no network of their own", mode);
        return -1;
    }
    if (!network_resolve(&network, cli->loop, err) || !network_up(cli->client, &network, err) ||
        (cli->to_project && !project_allow_network(cli->client, cli->to_project, network.name, err)))
        return -1;
    _cleanup_free_ char *line = str_printf("%s\n", network.name);
    cli_notice(cli, "the network of %s sessions is up", mode);
    return cli_print(line, err) ? 0 : -1;
}

static const struct network_found *find(const struct networks *networks, const char *name) {
    for (size_t i = 0; i < networks->count; i++)
        if (str_equal(networks->items[i].name, name))
            return &networks->items[i];
    return NULL;
}

/* Those that were named; nothing is removed if one of them cannot be. */
static bool remove_named(struct cli *cli, struct strings *removed, struct error *err) {
    _cleanup_(networks_done) struct networks networks = {0};
    if (!networks_load(cli->client, &networks, err))
        return false;
    for (size_t i = 0; i < cli->arguments.count; i++) {
        const struct network_found *found = find(&networks, cli->arguments.items[i]);
        _cleanup_free_ char *shown = str_shown(cli->arguments.items[i]);
        if (!found) {
            error_set(err, ERROR_FAILED, "network %s not found", shown);
            error_hint(err, "berth network list shows the networks of sessions; others are not berth's");
            return false;
        }
        if (found->used_by.count) {
            _cleanup_free_ char *users = strings_join(&found->used_by, ", ");
            error_set(err, ERROR_FAILED, "network %s is in use by %s", shown, users);
            error_hint(err, "berth network set %s --network MODE moves one of them",
                       found->used_by.items[0]);
            return false;
        }
    }
    for (size_t i = 0; i < cli->arguments.count; i++) {
        if (!network_remove(cli->client, cli->arguments.items[i], err))
            return false;
        strings_add(removed, cli->arguments.items[i]);
    }
    return true;
}

static int down(struct cli *cli, struct error *err) {
    _cleanup_(strings_done) struct strings removed = {0};
    if (!cli_connect(cli, err) ||
        !(cli->arguments.count ? remove_named(cli, &removed, err)
                               : networks_remove_unused(cli->client, &removed, err)))
        return -1;
    _cleanup_free_ char *line = str_printf("Removed %zu network(s)\n", removed.count);
    for (size_t i = 0; i < removed.count; i++)
        cli_notice(cli, "%s removed", removed.items[i]);
    return cli_print(line, err) ? 0 : -1;
}

static int set(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    const char *name = cli->arguments.items[0], *mode = settings_text(&cli->settings, SETTING_NETWORK);
    enum network_mode was;
    if (!cli_connect(cli, err) || !cli_get_session(cli, name, &instance, err) ||
        !session_set_network(cli->client, instance.name, &cli->settings, &was, err))
        return -1;
    if (instance_running(&instance))
        cli_notice(cli, "%s has another network: its connections are cut, and its address changes",
                   instance.name);
    _cleanup_free_ char *line =
        str_printf("Network of %s: %s (was %s)\n", instance.name, mode, network_mode_name(was));
    return cli_print(line, err) ? 0 : -1;
}

const struct command command_network = {
    .name = "network",
    .most = MANY,
    .arguments = "COMMAND",
    .summary = "the networks of sessions: what they may reach",
    .help =
        "Modes: restricted (the internet; not private addresses, this machine, other sessions), allowlist\n"
        "(what --allow and [network] allow list), open (everything that this machine reaches), none.",
    .run = cli_group};

static const struct flag *const list_flags[] = {&flag_format, NULL};

const struct command command_network_list = {.name = "network list",
                                             .arguments = "",
                                             .summary = "the networks that berth made, and who uses them",
                                             .flags = list_flags,
                                             .run = list};

const struct command command_network_up = {
    .name = "network up",
    .arguments = "",
    .summary = "make the network that --network and --allow ask for, if it is not there",
    .help =
        "A launch does that by itself where it may. Prints the network's name. With --to it is given to a\n"
        "project that may use certain networks only, as that of a user (user-1000).",
    .flags = (const struct flag *const[]){&flag_to, NULL},
    .run = up};

const struct command command_network_down = {
    .name = "network down",
    .most = MANY,
    .arguments = "[NAME...]",
    .summary = "remove networks of berth's; without NAME those that nobody uses",
    .run = down};

const struct command command_network_set = {
    .name = "network set",
    .least = 1,
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME",
    .summary = "change what a session may reach: --network MODE, --allow HOST",
    .help = "A session that runs goes on; its connections are cut and its address changes.",
    .run = set};
