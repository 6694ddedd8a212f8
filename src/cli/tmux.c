/* `berth tmux …`: the sessions' terminals, for scripts. */
#include "session/tmux.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "incus/capture.h"
#include "launch/label.h"
#include "session/list.h"
#include "session/type.h"
#include "workspace/name.h"

/* A container's name, or its tmux session's as coi says it; and who works in it. */
static char *container_of(struct cli *cli, const char *given, struct idmap_ids *code, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(error_done) struct error looking = {0};
    if (str_starts(given, "coi-") && instance_get(cli->client, given + 4, &instance, &looking))
        given += 4;
    else if (!cli_get_session(cli, given, &instance, err))
        return NULL;
    *code = label_code(&instance, &cli->settings);
    return str_copy(given);
}

static bool run_tmux(struct cli *cli, const char *container, struct idmap_ids code, char *const *command,
                     struct capture *capture, struct error *err) {
    struct exec_request request = {.command = command, .uid = code.uid, .gid = code.gid};
    if (!exec_capture(cli->client, container, &request, 0, capture, err))
        return false;
    if (capture->status == 0)
        return true;
    _cleanup_free_ char *words = str_shown(capture->err.data ? capture->err.data : "");
    return error_set(err, ERROR_FAILED, "tmux in %s: %s", container, words);
}

static int list(struct cli *cli, struct error *err) {
    _cleanup_(session_list_done) struct session_list sessions = {0};
    _cleanup_(buffer_done) struct buffer out = {0};
    static char *const command[] = {"tmux", "list-sessions", "-F", "#{session_name}", NULL};
    const char *prefix = name_prefix(err);
    if (!prefix || !cli_connect(cli, err) || !session_list_load(cli->client, prefix, false, &sessions, err))
        return -1;
    buffer_text(&out, "Active sessions:\n");
    for (size_t i = 0; i < sessions.count; i++) {
        _cleanup_(capture_done) struct capture capture = {0};
        _cleanup_(error_done) struct error none = {0};
        if (str_equal(sessions.items[i].status, "Running") &&
            run_tmux(cli, sessions.items[i].name, session_code(&sessions.items[i], &cli->settings), command,
                     &capture, &none) &&
            capture.out.data)
            buffer_printf(&out, "  %s", capture.out.data);
    }
    return cli_print(out.data, err) ? 0 : -1;
}

/* Every name before the text: each gets it once, and all are tried. */
static int send_line(struct cli *cli, struct error *err) {
    if (!cli_connect(cli, err))
        return -1;
    size_t count = cli->arguments.count - 1, sent = 0;
    for (size_t i = 0; i < count; i++) {
        _cleanup_(error_done) struct error own = {0};
        struct idmap_ids code = {0, 0};
        _cleanup_free_ char *name = container_of(cli, cli->arguments.items[i], &code, &own);
        if (name && type_line(&(struct inside){.client = cli->client, .name = name, .code = code},
                              cli->arguments.items[count], &own))
            sent++;
        else if (err->class == ERROR_NONE)
            error_move(err, &own);
        else
            cli_notice(cli, "%s", own.message);
    }
    return sent == count ? 0 : -1;
}

static int capture(struct cli *cli, struct error *err) {
    if (!cli_connect(cli, err))
        return -1;
    struct idmap_ids code = {0, 0};
    _cleanup_free_ char *name = container_of(cli, cli->arguments.items[0], &code, err),
                        *session = name ? tmux_session(name) : NULL,
                        *exactly = str_printf("=%s:", session ? session : "");
    if (!name)
        return -1;
    char *command[] = {"tmux", "-u", "capture-pane", "-p", "-t", exactly, NULL};
    _cleanup_(capture_done) struct capture got = {0};
    return run_tmux(cli, name, code, command, &got, err) && cli_print(got.out.data ? got.out.data : "", err)
               ? 0
               : -1;
}

const struct command command_tmux = {.name = "tmux",
                                     .most = MANY,
                                     .arguments = "COMMAND",
                                     .summary = "what sessions show, and typing into them, for scripts",
                                     .run = cli_group};
const struct command command_tmux_list = {
    .name = "tmux list", .arguments = "", .summary = "the tmux sessions in all containers", .run = list};
const struct command command_tmux_send = {.name = "tmux send",
                                          .least = 2,
                                          .most = MANY,
                                          .completes = COMPLETES_SESSIONS,
                                          .arguments = "NAME… TEXT",
                                          .summary = "type a line into sessions",
                                          .run = send_line};
const struct command command_tmux_capture = {.name = "tmux capture",
                                             .least = 1,
                                             .most = 1,
                                             .completes = COMPLETES_SESSIONS,
                                             .arguments = "NAME",
                                             .summary = "print what a session shows now",
                                             .run = capture};
