/* `berth hooks`: what makes an agent say itself what it is at. */
#include "watch/hooks.h"
#include "cli/flags.h"
#include "launch/label.h"
#include "launch/prepare.h"

static int print_lines(const struct agent_hooks *hooks, struct error *err) {
    _cleanup_free_ char *lines = hooks_merge(hooks, "", err);
    return lines && cli_print(lines, err) ? 0 : -1;
}

static bool install(struct cli *cli, const struct agent_hooks *hooks, const char *name, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    bool changed = false;
    if (!cli_get_session(cli, name, &instance, err))
        return false;
    if (!instance_running(&instance))
        return error_set(err, ERROR_FAILED, "%s does not run", name);
    const struct launch_request request = {.settings = &cli->settings};
    _cleanup_json_ json_t *environment = prepare_environment(&request);
    struct inside inside = {.client = cli->client,
                            .name = instance.name,
                            .code = label_code(&instance, &cli->settings),
                            .environment = environment,
                            .no_root = str_equal(instance_config(&instance, LABEL_ROOT), "deny")};
    if (!hooks_install(&inside, hooks, &changed, err))
        return false;
    cli_notice(
        cli, changed ? "%s: ~/%s has the hooks now; a new %s uses them" : "%s: ~/%s has the hooks already",
        instance.name, hooks->file, hooks->agent);
    return true;
}

static int run(struct cli *cli, struct error *err) {
    const struct agent_hooks *hooks = hooks_find(cli->arguments.items[0], err);
    if (!hooks)
        return -1;
    if (!cli->install)
        return print_lines(hooks, err);
    return cli_connect(cli, err) && install(cli, hooks, cli->install, err) ? 0 : -1;
}

static const struct flag *const flags[] = {&flag_install, NULL};

const struct command command_hooks = {
    .name = "hooks",
    .arguments = "AGENT",
    .least = 1,
    .most = 1,
    .summary = "the lines that make an agent say itself whether it works or waits",
    .help = "For claude, codex and aider: prints what belongs into the agent's settings file. With\n"
            "--install NAME it is put there inside the session, as the user inside; nothing is written\n"
            "on the host. Whatever else runs in a session says it by\n"
            "tmux set-option -p @berth \"waiting: …\" (or working, done; -pu takes it back).",
    .flags = flags,
    .run = run};
