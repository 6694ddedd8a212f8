#include "launch/trust.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "workspace/workspace.h"

#include <string.h>
#include <strings.h>

static void show_lines(const char *title, const struct strings *lines) {
    if (lines->count)
        fprintf(stderr, "%s\n", title);
    for (size_t i = 0; i < lines->count; i++) {
        _cleanup_free_ char *shown = str_shown(lines->items[i]);
        fprintf(stderr, "  %s\n", shown);
    }
}

static bool confirm(const struct cli *cli) {
    struct launch_watcher watcher = cli_watcher((struct cli *)cli);
    return cli->force || watcher.ask(watcher.data, "trust it, as it is now?");
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(asked_done) struct asked asked = {0};
    const char *path = cli->arguments.count     ? cli->arguments.items[0]
                       : cli->request.workspace ? cli->request.workspace
                                                : ".";
    if (!workspace_find(path, &workspace, err))
        return -1;
    if (cli->remove)
        return trust_set(workspace.source, false, err) ? 0 : -1;
    if (!trust_apply(workspace.source, &cli->settings, &asked, err))
        return -1;
    if (!asked.there) {
        error_set(err, ERROR_FAILED, "%s/" TRUST_FILE " not found: it asks for nothing", workspace.path);
        return -1;
    }
    show_lines("taken:", &asked.taken);
    show_lines("wants more than it has without your word:", &asked.refused);
    if (asked.trusted || !asked.refused.count)
        return cli_print(asked.trusted ? "trusted already\n" : "nothing to trust\n", err) ? 0 : -1;
    if (!confirm(cli)) {
        error_set(err, ERROR_REFUSED, TRUST_FILE " of %s is not trusted", workspace.path);
        error_hint(err, "--force trusts it without a question");
        return -1;
    }
    return trust_set(workspace.source, true, err) && cli_print("trusted\n", err) ? 0 : -1;
}

const struct command command_trust = {
    .name = "trust",
    .most = 1,
    .arguments = "[PATH]",
    .summary = "take what a workspace's own " TRUST_FILE " asks for",
    .help =
        "Shows it first, and remembers the file as it is: a changed one is not trusted. Without it only\n"
        "what makes a session less is taken (limits, a narrower network, more guarded paths), and what\n"
        "else it asks for is named. --remove takes the trust away.",
    .flags = (const struct flag *const[]){&flag_force, &flag_remove, NULL},
    .run = run};
