#include "session/tmux.h"

#include <string.h>

char *tmux_session(const char *container) {
    return str_printf("coi-%s", container);
}

static bool run(const struct inside *inside, char *const *command, int *status, struct error *err) {
    struct exec_request request = {.command = command,
                                   .uid = inside->code.uid,
                                   .gid = inside->code.gid,
                                   .cwd = WORKSPACE_PATH,
                                   .environment = inside->environment};
    return exec_run(inside->client, inside->name, &request, status, err);
}

bool tmux_wait_ready(const struct inside *inside, struct error *err) {
    /* a link to nothing but the invocation's id; the unit is ordered behind sysinit.target, and with it
     * behind systemd-tmpfiles-setup.service */
    char *script = "conf=/etc/tmpfiles.d/tmp.conf; [ -e $conf ] || conf=/usr/lib/tmpfiles.d/tmp.conf\n"
                   "grep -qs '^D' $conf || exit 0\n"
                   "for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3 4 5 6 7 8 9 10; do\n"
                   "[ -L /run/systemd/units/invocation:systemd-user-sessions.service ] && exit 0\n"
                   "sleep 0.05; done; done";
    char *command[] = {"sh", "-c", script, NULL};
    int status = -1;
    return run(inside, command, &status, err);
}

bool tmux_alive(const struct inside *inside, bool *alive, struct error *err) {
    _cleanup_free_ char *session = tmux_session(inside->name), *exactly = str_printf("=%s", session);
    char *command[] = {"tmux", "has-session", "-t", exactly, NULL};
    int status = -1;
    if (!run(inside, command, &status, err))
        return false;
    *alive = status == 0;
    return true;
}

/*
 * tmux hands one argument to a shell and runs several as they are (tmux(1), "new-session"): with
 * env(1) in front there are always several.
 */
static void add_tool(const char *tool, struct strings *command) {
    _cleanup_free_ char *words = str_copy(tool);
    char *rest = words;
    strings_add(command, "env");
    for (char *word; (word = strsep(&rest, " \t"));)
        if (*word)
            strings_add(command, word);
}

bool tmux_start(const struct inside *inside, const char *tool, struct error *err) {
    _cleanup_free_ char *session = tmux_session(inside->name);
    _cleanup_(strings_done) struct strings command = {0};
    int status = -1;
    const char *const fixed[] = {"tmux", "new-session", "-d", "-s", session, "-c", WORKSPACE_PATH};
    for (size_t i = 0; i < array_length(fixed); i++)
        strings_add(&command, fixed[i]);
    if (tool[strspn(tool, " \t")])
        add_tool(tool, &command);
    if (!run(inside, command.items, &status, err))
        return false;
    if (status == 0)
        return true;
    if (status == 127) {
        error_set(err, ERROR_FAILED, "the image of %s has no tmux, in which sessions live", inside->name);
        error_hint(err, "--debug gives a plain shell; berth run needs none");
        return false;
    }
    return error_set(err, ERROR_FAILED, "tmux in %s could not start the session (status %d)", inside->name,
                     status);
}

void tmux_attach_command(const char *container, struct strings *command) {
    strings_add(command, "tmux");
    strings_add(command, "attach-session");
    strings_add(command, "-t");
    _cleanup_free_ char *session = tmux_session(container);
    strings_printf(command, "=%s", session);
}
