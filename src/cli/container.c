/* `berth container …`: the low level, for scripts. */
#include "base/tty.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "cli/targets.h"
#include "incus/capture.h"
#include "incus/image.h"
#include "incus/server.h"
#include "launch/label.h"
#include "launch/plan.h"
#include "launch/prepare.h"
#include "session/tmux.h"

#include <string.h>

static int launch(struct cli *cli, struct error *err) {
    const char *image = cli->arguments.items[0], *name = cli->arguments.items[1];
    _cleanup_(instance_done) struct instance there = {0};
    _cleanup_(error_done) struct error looking = {0};
    _cleanup_json_ json_t *body = plan_bare(name, image, cli->ephemeral);
    _cleanup_(server_done) struct server server = {0};
    if (!cli_connect(cli, err) || !server_get(cli->client, NULL, &server, err) ||
        !image_check(cli->client, image, err))
        return -1;
    _cleanup_free_ char *path = instance_create_path(server.member);
    if (!operation_run(cli->client, "POST", path, body, NULL, NULL, NULL, err)) {
        /* the daemon's words for a name that is taken are its database's */
        if (err->class == ERROR_FAILED && instance_get(cli->client, name, &there, &looking)) {
            _cleanup_(error_done) struct error daemon = {0};
            error_move(&daemon, err);
            error_set(err, ERROR_FAILED, "container %s already exists (%s)", name, daemon.message);
        }
        return -1;
    }
    _cleanup_free_ char *line = str_printf("Container %s launched from %s\n", name, image);
    return cli_print(line, err) ? 0 : -1;
}

static int change(struct cli *cli, const char *action, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_connect(cli, err) || !cli_get_session(cli, cli->arguments.items[0], &instance, err))
        return -1;
    bool start = str_equal(action, "start");
    if (str_equal(instance.status, start ? "Running" : "Stopped")) {
        cli_notice(cli, "%s is %s already", instance.name, start ? "running" : "stopped");
        return 0;
    }
    if (start && str_equal(instance.status, "Frozen"))
        action = "unfreeze";
    bool force = cli->force && !start;
    return instance_change(cli->client, instance.name, action, force, cli->timeout ? cli->timeout : -1, err)
               ? 0
               : -1;
}

static int start(struct cli *cli, struct error *err) {
    return change(cli, "start", err);
}

static int stop(struct cli *cli, struct error *err) {
    return change(cli, "stop", err);
}

static int delete_it(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_connect(cli, err) || !cli_get_session(cli, cli->arguments.items[0], &instance, err))
        return -1;
    _cleanup_free_ char *question = str_printf("delete %s (%s), with all that is not in the workspace?",
                                               instance.name, instance.status);
    if (!targets_confirm(cli, question, NULL, true, err))
        return -1;
    return instance_destroy(cli->client, instance.name, err) ? 0 : -1;
}

/* 0 for yes, 1 for no; no words, as scripts want it. */
static int is(struct cli *cli, bool wants_running, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_connect(cli, err))
        return -1;
    if (instance_get(cli->client, cli->arguments.items[0], &instance, err))
        return !wants_running || instance_running(&instance) ? 0 : 1;
    if (err->code != 404)
        return -1;
    error_done(err);
    return 1;
}

static int exists(struct cli *cli, struct error *err) {
    return is(cli, false, err);
}

static int running(struct cli *cli, struct error *err) {
    return is(cli, true, err);
}

/*
 * Beside raw.idmap there is no shift, whoever asks; without it nothing but shift makes the files writable.
 */
static int mount(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    char *const *words = cli->arguments.items;
    _cleanup_free_ char *text = str_printf("%s:%s", words[2], words[3]);
    if (!mounts_add(&mounts, "mount", text, err) || !cli_connect(cli, err) ||
        !cli_get_session(cli, words[0], &instance, err))
        return -1;
    if (json_object_get(instance.devices, words[1])) {
        error_set(err, ERROR_FAILED, "%s already has a device %s", words[0], words[1]);
        return -1;
    }
    bool shift = !*instance_config(&instance, "raw.idmap");
    if (cli->shift && !shift)
        cli_notice(cli, "%s has raw.idmap, which maps the ids: --shift is not used beside it", words[0]);
    _cleanup_json_ json_t *body =
        json_pack("{s:{s:o}}", "devices", words[1], plan_disk(&mounts.items[0], shift));
    _cleanup_free_ char *line = str_printf("Disk mounted: %s -> %s:%s\n", words[2], words[0], words[3]);
    return instance_patch(cli->client, words[0], body, err) && cli_print(line, err) ? 0 : -1;
}

static int exec(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_check_capture(cli, err) || !cli_connect(cli, err) ||
        !cli_get_session(cli, cli->arguments.items[0], &instance, err))
        return -1;
    if (!instance_running(&instance)) {
        error_set(err, ERROR_FAILED, "%s is not running (status: %s)", instance.name, instance.status);
        return -1;
    }
    cli->request.settings = &cli->settings;
    cli->request.terminal = !cli->capture && tty_both();
    _cleanup_json_ json_t *environment = prepare_environment(&cli->request);
    uid_t uid = cli->user < 0 ? 0 : (uid_t)cli->user;
    if (uid == 0 && !json_at(cli->request.environment, "HOME"))
        json_object_set_new(environment, "HOME", json_string("/root"));
    struct exec_request request = {.command = cli->arguments.items + 1,
                                   .uid = uid,
                                   .gid = cli->group < 0 ? (gid_t)uid : (gid_t)cli->group,
                                   .cwd = cli->cwd,
                                   .environment = environment,
                                   .terminal = cli->request.terminal};
    if (cli->capture) {
        _cleanup_(capture_done) struct capture capture = {0};
        return exec_capture(cli->client, instance.name, &request, 0, &capture, err)
                   ? cli_print_capture(cli, &capture, err)
                   : capture.status;
    }
    if (!cli_catch_signals(cli, err))
        return -1;
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    _cleanup_(stream_cleanup) struct stream *stream = stream_prepare(cli->client, instance.name, &request);
    return cli_run_stream(cli, stream, err);
}

const struct command command_container = {.name = "container",
                                          .most = MANY,
                                          .arguments = "COMMAND",
                                          .summary = "single containers, for scripts",
                                          .run = cli_group};
const struct command command_container_launch = {.name = "container launch",
                                                 .least = 2,
                                                 .most = 2,
                                                 .completes = COMPLETES_IMAGES,
                                                 .arguments = "IMAGE NAME",
                                                 .summary = "create and start one, without a workspace",
                                                 .flags =
                                                     (const struct flag *const[]){&flag_ephemeral, NULL},
                                                 .run = launch};
const struct command command_container_start = {.name = "container start",
                                                .least = 1,
                                                .most = 1,
                                                .completes = COMPLETES_SESSIONS,
                                                .arguments = "NAME",
                                                .summary = "start it",
                                                .run = start};
const struct command command_container_stop = {
    .name = "container stop",
    .least = 1,
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME",
    .summary = "shut it down; --force kills it",
    .flags = (const struct flag *const[]){&flag_force, &flag_patience, NULL},
    .run = stop};
const struct command command_container_delete = {.name = "container delete",
                                                 .least = 1,
                                                 .most = 1,
                                                 .completes = COMPLETES_SESSIONS,
                                                 .arguments = "NAME",
                                                 .summary = "stop and delete it; asks first on a terminal",
                                                 .flags = (const struct flag *const[]){&flag_force, NULL},
                                                 .run = delete_it};
const struct command command_container_exec = {
    .name = "container exec",
    .least = 2,
    .most = MANY,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME [FLAGS] -- COMMAND",
    .summary = "run a command in it, as root or --user; its exit status is berth's",
    .flags = (const struct flag *const[]){&flag_user, &flag_group, &flag_cwd, &flag_capture, &flag_timeout,
                                          &flag_capture_format, NULL},
    .run = exec};
const struct command command_container_exists = {.name = "container exists",
                                                 .least = 1,
                                                 .most = 1,
                                                 .completes = COMPLETES_SESSIONS,
                                                 .arguments = "NAME",
                                                 .summary = "exit status 0 if it exists, 1 if not",
                                                 .run = exists};
const struct command command_container_running = {.name = "container running",
                                                  .least = 1,
                                                  .most = 1,
                                                  .completes = COMPLETES_SESSIONS,
                                                  .arguments = "NAME",
                                                  .summary = "exit status 0 if it is running, 1 if not",
                                                  .run = running};
const struct command command_container_mount = {
    .name = "container mount",
    .least = 4,
    .most = 4,
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME DEVICE SOURCE PATH",
    .summary = "mount a path of the host, with the container's own mapping",
    .flags = (const struct flag *const[]){&flag_shift, NULL},
    .run = mount};
