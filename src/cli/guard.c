#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "launch/prepare.h"
#include "session/protection.h"
#include "workspace/name.h"

#include <string.h>

/* Sessions that have ended are settled first, if the daemon can say which. */
static void settle(struct cli *cli) {
    _cleanup_(session_list_done) struct session_list sessions = {0};
    _cleanup_(error_done) struct error ignored = {0};
    const char *prefix = name_prefix(&ignored);
    if (prefix && session_list_load(cli->client, prefix, false, &sessions, &ignored))
        protections_mark_list(cli->client, prefix, &sessions);
}

/* The workspace of a container by this name; a path otherwise. Caller owns. */
static char *workspace_of(struct cli *cli, const char *word, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!word)
        return str_copy(cli->request.workspace ? cli->request.workspace : ".");
    if (strchr(word, '/') || access(word, F_OK) == 0)
        return str_copy(word);
    if (!cli_get_session(cli, word, &instance, err))
        return NULL;
    const char *source = instance_device(&instance, WORKSPACE_DEVICE, "source");
    if (*source)
        return str_copy(source);
    error_set(err, ERROR_FAILED, "%s has no workspace", word);
    return NULL;
}

static bool load(struct cli *cli, struct protection *protection, struct error *err) {
    _cleanup_(mounts_done) struct mounts mounts = {0};
    if (!cli_connect(cli, err))
        return false;
    _cleanup_free_ char *path =
        workspace_of(cli, cli->arguments.count ? cli->arguments.items[0] : NULL, err);
    if (!path)
        return false;
    settle(cli);
    str_set(&cli->request.workspace, path);
    if (!cli_ask_workspace(cli, err))
        return false;
    cli->request.settings = &cli->settings;
    return prepare_mounts(&cli->request, &mounts, err) &&
           protection_load(path, &cli->settings, &mounts, protection, err);
}

static int show(struct cli *cli, struct error *err) {
    _cleanup_(protection_done) struct protection protection = {0};
    _cleanup_(buffer_done) struct buffer text = {0};
    if (!load(cli, &protection, err))
        return -1;
    int status = protection.changes.count ? 1 : 0;
    if (cli_wants_json(cli)) {
        _cleanup_json_ json_t *json = protection_json(&protection);
        return cli_print_json(json, err) ? status : -1;
    }
    protection_text(&protection, &text);
    if (!cli_print(text.data, err))
        return -1;
    if (status)
        cli_notice(cli, "hint: berth guard restore %s puts it back; berth guard accept %s takes it",
                   protection.workspace.path, protection.workspace.path);
    return status;
}

static int accept_all(struct cli *cli, struct error *err) {
    _cleanup_(protection_done) struct protection protection = {0};
    if (!load(cli, &protection, err) || !protection_accept(&protection, err))
        return -1;
    _cleanup_free_ char *line = str_printf("Accepted %zu change(s)\n", protection.changes.count);
    return cli_print(line, err) ? 0 : -1;
}

static int restore(struct cli *cli, struct error *err) {
    _cleanup_(protection_done) struct protection protection = {0};
    char aside[64];
    size_t restored = 0;
    if (!load(cli, &protection, err))
        return -1;
    bool good = protection_restore(&protection, aside, sizeof aside, &restored, err);
    for (size_t i = 0; i < restored; i++)
        cli_notice(cli, "restored: %s", guard_shown(&protection.guard, protection.changes.items[i].path));
    if (restored)
        cli_notice(cli, "what was there lies in %s/%s", protection.workspace.path, aside);
    settle(cli);
    _cleanup_free_ char *line = str_printf("Restored %zu path(s)\n", restored);
    return good && cli_print(line, err) ? 0 : -1;
}

static const struct flag *const flags[] = {&flag_format, NULL};

const struct command command_guard = {
    .name = "guard",
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .arguments = "[NAME|PATH]",
    .summary = "what of a workspace is protected, how strongly, and what has changed",
    .help =
        "What the host itself runs or obeys later (git hooks and configuration, editors' tasks, agents'\n"
        "settings) is read-only inside. Against code that always holds; against root inside where the\n"
        "host has AppArmor, or with --no-root; and what changed all the same is seen here, when a\n"
        "session ends and before the next begins. Exit status 1 if something changed.",
    .flags = flags,
    .run = show};

const struct command command_guard_accept = {.name = "guard accept",
                                             .most = 1,
                                             .completes = COMPLETES_SESSIONS,
                                             .arguments = "[NAME|PATH]",
                                             .summary =
                                                 "take what changed of what is guarded for what is right",
                                             .run = accept_all};

const struct command command_guard_restore = {
    .name = "guard restore",
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .arguments = "[NAME|PATH]",
    .summary = "put back what changed of what is guarded",
    .help = "What is there now is moved into a new directory .berth-aside-TIME in the workspace, never\n"
            "removed.",
    .run = restore};
