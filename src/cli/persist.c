#include "session/persist.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/targets.h"

static int run(struct cli *cli, struct error *err) {
    _cleanup_(targets_done) struct targets targets = {0};
    _cleanup_(strings_done) struct strings details = {0};
    size_t good = 0;
    if (!targets_choose(cli, NULL, &targets, err))
        return -1;
    for (size_t i = 0; i < targets.count; i++)
        strings_printf(&details, "  %s", targets.rows[i]->name);
    _cleanup_free_ char *question =
        str_printf("keep %zu session%s when they end?", targets.count, targets.count == 1 ? "" : "s");
    if (targets.count && !targets_confirm(cli, question, &details, err))
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
    if (good || targets.count == 0)
        return 0;
    error_set(err, ERROR_FAILED, "nothing was done");
    return -1;
}

static const struct flag *const flags[] = {&flag_every, &flag_force, NULL};

const struct command command_persist = {.name = "persist",
                                        .completes = COMPLETES_SESSIONS,
                                        .arguments = "NAME… | --all",
                                        .summary = "keep sessions' containers when they end",
                                        .flags = flags,
                                        .run = run};
