#include "cli/command.h"
#include "cli/flags.h"
#include "cli/targets.h"

#define PATIENCE_SECONDS 60

static bool runs(const struct session *row) {
    return !str_equal(row->status, "Stopped");
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(targets_done) struct targets targets = {0};
    _cleanup_(strings_done) struct strings details = {0};
    if (!targets_choose(cli, runs, &targets, err))
        return -1;
    _cleanup_free_ bool *remove = mem_new(targets.count + 1);
    bool loses = cli->all;
    for (size_t i = 0; i < targets.count; i++) {
        remove[i] = !targets.rows[i]->persistent;
        loses |= remove[i];
        strings_printf(&details, "  %s (%s)", targets.rows[i]->name,
                       remove[i] ? "ephemeral: deleted when it has stopped" : "persistent: kept, stopped");
    }
    _cleanup_free_ char *question =
        str_printf("shut down %zu session%s?", targets.count, targets.count == 1 ? "" : "s");
    if (targets.count == 0)
        return cli_print("No containers to shutdown\n", err) ? 0 : -1;
    /* what is kept loses nothing */
    if (loses && !targets_confirm(cli, question, &details, !cli->all, err))
        return -1;
    long timeout = cli->timeout ? cli->timeout : PATIENCE_SECONDS;
    return targets_end(cli, &targets, "Shutdown", remove, false, timeout, err);
}

static const struct flag *const flags[] = {&flag_every, &flag_force, &flag_patience, NULL};

const struct command command_shutdown = {
    .name = "shutdown",
    .most = MANY,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME… | --all",
    .summary = "shut sessions down cleanly; persistent ones are kept",
    .help = "Each container is asked to shut down, and killed if it has not after --timeout (60 seconds).\n"
            "An ephemeral one is then deleted, which is asked first on a terminal; a persistent one\n"
            "is kept, stopped. Without a terminal --all needs --force.",
    .flags = flags,
    .run = run};
