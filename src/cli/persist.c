#include "session/persist.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/targets.h"

/* Nothing is lost by it: nobody is asked. */
static int run(struct cli *cli, struct error *err) {
    _cleanup_(targets_done) struct targets targets = {0};
    size_t good = 0;
    if (!targets_choose(cli, NULL, &targets, err))
        return -1;
    for (size_t i = 0; i < targets.count; i++) {
        _cleanup_(error_done) struct error failed = {0};
        if (persist_change(cli->client, targets.rows[i]->name, true, &targets.records, &failed)) {
            good++;
            cli_notice(cli, "%s is persistent", targets.rows[i]->name);
        } else {
            fprintf(stderr, "berth: %s: %s\n", targets.rows[i]->name, failed.message);
        }
    }
    if (targets.count == 0)
        return cli_print("No containers to persist\n", err) ? 0 : -1;
    if (good)
        return targets_summary("Persisted", good, err) ? 0 : -1;
    error_set(err, ERROR_FAILED, "nothing was done");
    return -1;
}

static const struct flag *const flags[] = {&flag_every, &flag_force, NULL};

const struct command command_persist = {
    .name = "persist",
    .most = MANY,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME… | --all",
    .summary = "make sessions persistent: their containers are kept when they end",
    .flags = flags,
    .run = run};
