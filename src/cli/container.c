/* `berth container …`: the low level, for scripts. */
#include "base/tty.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "cli/launching.h"
#include "cli/targets.h"
#include "incus/capture.h"
#include "incus/image.h"
#include "launch/label.h"
#include "launch/plan.h"
#include "launch/prepare.h"
#include "session/tmux.h"

#include <string.h>

/* Exactly `count` arguments; `words` names them. */
static bool arguments(const struct cli *cli, size_t count, const char *words, struct error *err) {
    return cli->arguments.count == count || error_set(err, ERROR_USAGE, "wanted: %s", words);
}

static int launch(struct cli *cli, struct error *err) {
    if (!arguments(cli, 2, "berth container launch IMAGE NAME", err) || !cli_connect(cli, err))
        return -1;
    const char *image = cli->arguments.items[0], *name = cli->arguments.items[1];
    _cleanup_json_ json_t *body = plan_bare(name, image, cli->ephemeral);
    if (!image_check(cli->client, image, err) ||
        !operation_run(cli->client, "POST", "/1.0/instances", body, NULL, NULL, NULL, err))
        return -1;
    return 0;
}

static int change(struct cli *cli, const char *action, struct error *err) {
    _cleanup_free_ char *words = str_printf("berth container %s NAME", action);
    _cleanup_(instance_done) struct instance instance = {0};
    if (!arguments(cli, 1, words, err) || !cli_connect(cli, err) ||
        !cli_get_session(cli, cli->arguments.items[0], &instance, err))
        return -1;
    bool start = str_equal(action, "start");
    if (str_equal(instance.status, start ? "Running" : "Stopped")) {
        cli_notice(cli, "%s is %s already", instance.name, start ? "running" : "stopped");
        return 0;
    }
    return instance_change(cli->client, instance.name, action, cli->force && !start,
                           cli->timeout ? cli->timeout : -1, err)
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
    if (!arguments(cli, 1, "berth container delete NAME", err) || !cli_connect(cli, err) ||
        !cli_get_session(cli, cli->arguments.items[0], &instance, err))
        return -1;
    _cleanup_free_ char *question = str_printf("delete %s (%s), with all that is not in the workspace?",
                                               instance.name, instance.status);
    if (!targets_confirm(cli, question, NULL, err))
        return -1;
    if (!str_equal(instance.status, "Stopped") &&
        !instance_change(cli->client, instance.name, "stop", true, -1, err) && err->code != 404)
        return -1;
    error_done(err);
    if (instance.ephemeral || instance_delete(cli->client, instance.name, err) || err->code == 404) {
        error_done(err);
        return 0;
    }
    return -1;
}

/* 0 for yes, 1 for no; no words, as scripts want it. */
static int is(struct cli *cli, bool wants_running, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!arguments(cli, 1, "berth container exists|running NAME", err) || !cli_connect(cli, err))
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

static int mount(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    if (!arguments(cli, 4, "berth container mount NAME DEVICE SOURCE PATH", err))
        return -1;
    char *const *words = cli->arguments.items;
    _cleanup_free_ char *text = str_printf("%s:%s", words[2], words[3]);
    if (!mounts_add(&mounts, text, err) || !cli_connect(cli, err) ||
        !cli_get_session(cli, words[0], &instance, err))
        return -1;
    if (json_object_get(instance.devices, words[1])) {
        error_set(err, ERROR_FAILED, "%s has a device %s already", words[0], words[1]);
        return -1;
    }
    /* beside raw.idmap there is no shift; without it nothing but shift makes the files writable */
    bool shift = !*instance_config(&instance, "raw.idmap");
    _cleanup_json_ json_t *body =
        json_pack("{s:{s:o}}", "devices", words[1], plan_disk(&mounts.items[0], shift));
    return instance_patch(cli->client, words[0], body, err) ? 0 : -1;
}

static int print_capture(const struct cli *cli, const struct capture *capture, struct error *err) {
    const char *out = capture->out.data ? capture->out.data : "";
    if (str_equal(cli->format, "raw"))
        return cli_print(out, err) ? capture->status : -1;
    _cleanup_json_ json_t *json =
        json_pack("{s:o, s:o, s:i}", "stdout", json_text(out), "stderr",
                  json_text(capture->err.data ? capture->err.data : ""), "exit_code", capture->status);
    return cli_print_json(json, err) ? 0 : -1;
}

static int exec(struct cli *cli, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (cli->arguments.count < 2) {
        error_set(err, ERROR_USAGE, "wanted: berth container exec NAME -- COMMAND");
        return -1;
    }
    if (!cli_connect(cli, err) || !cli_get_session(cli, cli->arguments.items[0], &instance, err))
        return -1;
    if (!instance_running(&instance)) {
        error_set(err, ERROR_FAILED, "%s does not run: it is %s", instance.name, instance.status);
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
                   ? print_capture(cli, &capture, err)
                   : capture.status;
    }
    if (!cli_catch_signals(cli, err))
        return -1;
    tty_size(STDIN_FILENO, &request.columns, &request.rows);
    _cleanup_(stream_cleanup) struct stream *stream = stream_prepare(cli->client, instance.name, &request);
    return cli_run_stream(cli, stream, err);
}

const struct command command_container = {.name = "container",
                                          .arguments = "COMMAND",
                                          .summary = "containers one by one, for scripts",
                                          .run = cli_group};
const struct command command_container_launch = {.name = "container launch",
                                                 .completes = COMPLETES_IMAGES,
                                                 .arguments = "IMAGE NAME",
                                                 .summary = "make and start one, without a workspace",
                                                 .flags =
                                                     (const struct flag *const[]){&flag_ephemeral, NULL},
                                                 .run = launch};
const struct command command_container_start = {.name = "container start",
                                                .completes = COMPLETES_SESSIONS,
                                                .arguments = "NAME",
                                                .summary = "start it",
                                                .run = start};
const struct command command_container_stop = {
    .name = "container stop",
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME",
    .summary = "shut it down; --force kills it",
    .flags = (const struct flag *const[]){&flag_force, &flag_patience, NULL},
    .run = stop};
const struct command command_container_delete = {.name = "container delete",
                                                 .completes = COMPLETES_SESSIONS,
                                                 .arguments = "NAME",
                                                 .summary = "stop and delete it; asks first",
                                                 .flags = (const struct flag *const[]){&flag_force, NULL},
                                                 .run = delete_it};
const struct command command_container_exec = {
    .name = "container exec",
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME [FLAGS] -- COMMAND",
    .summary = "run a command in it, as root or --user; its exit status is berth's",
    .flags = (const struct flag *const[]){&flag_user, &flag_group, &flag_cwd, &flag_capture, &flag_timeout,
                                          &flag_capture_format, NULL},
    .run = exec};
const struct command command_container_exists = {.name = "container exists",
                                                 .completes = COMPLETES_SESSIONS,
                                                 .arguments = "NAME",
                                                 .summary = "status 0 if it is there, 1 if not",
                                                 .run = exists};
const struct command command_container_running = {.name = "container running",
                                                  .completes = COMPLETES_SESSIONS,
                                                  .arguments = "NAME",
                                                  .summary = "status 0 if it runs, 1 if not",
                                                  .run = running};
const struct command command_container_mount = {
    .name = "container mount",
    .completes = COMPLETES_SESSIONS,
    .arguments = "NAME DEVICE SOURCE PATH",
    .summary = "mount a path of the host, in the container's own mapping",
    .run = mount};
