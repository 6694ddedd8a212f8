#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "health/examine.h"
#include "health/probe.h"
#include "workspace/name.h"

/* 0, 1, 2: as coi's. */
static int status_of(const struct health *health) {
    return (int)health_worst(health);
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(health_done) struct health health = {0};
    const char *prefix = name_prefix(err);
    if (!prefix || !cli_connect(cli, err) || !cli_catch_signals(cli, err))
        return -1;
    const struct health_subject subject = {.client = cli->client,
                                           .settings = &cli->settings,
                                           .mistake = &cli->mistake,
                                           .workspace = cli->request.workspace,
                                           .prefix = prefix};
    loop_interruptible(cli->loop, true);
    bool good =
        health_examine(&subject, &health, err) && (!cli->probe || health_probe(&subject, &health, err));
    loop_interruptible(cli->loop, false);
    if (!good)
        return -1;
    _cleanup_json_ json_t *json = health_json(&health);
    _cleanup_(buffer_done) struct buffer text = {0};
    health_text(&health, &text);
    return (cli_wants_json(cli) ? cli_print_json(json, err) : cli_print(text.data, err))
               ? status_of(&health)
               : -1;
}

const struct command command_health = {
    .name = "health",
    .arguments = "[--probe]",
    .summary = "whether this machine gives good sessions, and what mends what is not",
    .help =
        "Checks the system, the daemon, image, pool, network, ids, settings, the mapping and the guard of\n"
        "this workspace, and what is left over. It creates nothing; with --probe a container is made and\n"
        "removed, in which owners, secrets, protected paths and the network are tried.\n"
        "Exit status: 0 healthy, 1 degraded (warnings), 2 unhealthy.",
    .flags = (const struct flag *const[]){&flag_probe, &flag_format, NULL},
    .bears_mistake = true,
    .run = run};
