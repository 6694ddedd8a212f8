#include "cli/command.h"
#include "cli/flags.h"
#include "cli/targets.h"

static int run(struct cli *cli, struct error *err) {
    _cleanup_(targets_done) struct targets targets = {0};
    _cleanup_(strings_done) struct strings details = {0};
    if (!targets_choose(cli, NULL, &targets, err))
        return -1;
    _cleanup_free_ bool *remove = mem_new(targets.count + 1);
    for (size_t i = 0; i < targets.count; i++) {
        const struct session *row = targets.rows[i];
        _cleanup_free_ char *workspace = str_shown(row->workspace);
        remove[i] = true;
        strings_printf(&details, "  %s (%s, %s, %s)", row->name, row->status,
                       row->persistent ? "persistent" : "ephemeral", workspace);
    }
    _cleanup_free_ char *question =
        str_printf("delete %zu session%s, with all that is not in the workspace?", targets.count,
                   targets.count == 1 ? "" : "s");
    if (targets.count == 0)
        return cli_print("No containers to kill\n", err) ? 0 : -1;
    if (!targets_confirm(cli, question, &details, !cli->all, err))
        return -1;
    return targets_end(cli, &targets, "Killed", remove, true, -1, err);
}

static const struct flag *const flags[] = {&flag_every, &flag_force, NULL};

const struct command command_kill = {
    .name = "kill",
    .most = MANY,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME… | --all",
    .summary = "stop sessions at once and delete their containers",
    .help = "What is in the workspace stays; everything else in the container is lost, also of a\n"
            "persistent one. Asks first on a terminal; without one --all needs --force. A name that\n"
            "is not found is a warning.",
    .flags = flags,
    .run = run};
