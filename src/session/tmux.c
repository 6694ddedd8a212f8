#include "session/tmux.h"

#include "incus/capture.h"
#include "launch/seen.h"
#include "workspace/workspace.h"

#include <string.h>

char *tmux_session(const char *container) {
    return str_printf("coi-%s", container);
}

static struct exec_request as_code(const struct inside *inside, char *const *command) {
    return (struct exec_request){.command = command,
                                 .uid = inside->code.uid,
                                 .gid = inside->code.gid,
                                 .cwd = WORKSPACE_PATH,
                                 .environment = inside->environment};
}

static bool run(const struct inside *inside, char *const *command, int *status, struct error *err) {
    struct exec_request request = as_code(inside, command);
    return exec_run(inside->client, inside->name, &request, status, err);
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

bool tmux_of_anybody(struct incus *client, const char *container, bool *any, struct error *err) {
    static char *const command[] = {"sh", "-c",
                                    "for comm in /proc/[0-9]*/comm; do read -r name <$comm\n"
                                    "case $name in tmux*) exit 0; esac; done 2>/dev/null; exit 1",
                                    NULL};
    int status = -1;
    if (!exec_run(client, container, &(struct exec_request){.command = command}, &status, err))
        return false;
    *any = status != 1;
    return true;
}

/*
 * When the tool ends, its session goes on with the shell that tmux would have started (tmux(1),
 * "default-shell": it is in SHELL). The tool's own words are arguments: no shell reads them.
 */
static const char line_tool_shell[] =
    "[ -z \"$1\" ] || printf '%s\\n' \"$1\"\n"
    "shift; [ $# != 0 ] || exec \"${SHELL:-/bin/sh}\" -l\n"
    "\"$@\"\n"
    "printf '\\n[%s ended with status %d; exit ends the session]\\n' \"$1\" $?\n"
    "exec \"${SHELL:-/bin/sh}\"";

static void add_tool(const char *line, const char *tool, struct strings *command) {
    _cleanup_free_ char *words = str_copy(tool);
    char *rest = words;
    strings_add_all(command, "sh", "-c", line_tool_shell, "sh", line, NULL);
    for (char *word; (word = strsep(&rest, " \t"));)
        if (*word)
            strings_add(command, word);
}

#define STATUS_NOT_TRUE 61
#define STATUS_NO_HOME  62

/*
 * systemd empties /tmp while it boots, or mounts a tmpfs over it (Debian 13): until then it is waited
 * for. The invocation's link points to no file, only says its id; the unit that it belongs to is ordered
 * behind sysinit.target, and with it behind systemd-tmpfiles-setup.service and tmp.mount.
 */
static const char wait_ready[] =
    "conf=/etc/tmpfiles.d/tmp.conf; [ -e $conf ] || conf=/usr/lib/tmpfiles.d/tmp.conf\n"
    "wait=; [ ! -r $conf ] || while read -r type rest; do case $type in D*) wait=yes; esac; done <$conf\n"
    "[ /etc/systemd/system/tmp.mount -ef /dev/null ] || for dir in /etc /usr/lib /lib; do\n"
    "[ ! -e $dir/systemd/system/local-fs.target.wants/tmp.mount ] || wait=yes; done\n"
    "[ ! $wait ] || for i in 1 2 3 4 5 6 7 8 9 10; do for j in 1 2 3 4 5 6 7 8 9 10; do\n"
    "[ -L /run/systemd/units/invocation:systemd-user-sessions.service ] && break 2\n"
    "sleep 0.05; done; done\n"
    "unset " SEEN_VARIABLE "; exec \"$@\"\n";

/* sh, or the tmux that it should start, is not there. */
static enum tmux_start missing(const struct inside *inside, struct error *err) {
    char *command[] = {"sh", "-c", ":", NULL};
    int status = -1;
    if (!run(inside, command, &status, err))
        return TMUX_FAILED;
    if (status == 0) {
        error_set(err, ERROR_FAILED, "the image of %s has no tmux, which a session needs", inside->name);
        error_hint(err, "shell --debug opens a plain shell; berth run needs no tmux");
    } else {
        error_set(err, ERROR_FAILED, "the image of %s has no sh, which a session needs", inside->name);
        error_hint(err, "berth starts every command by the image's sh: an image needs one");
    }
    return TMUX_FAILED;
}

static enum tmux_start outcome(const struct inside *inside, int status, const char *words,
                               struct error *err) {
    switch (status) {
    case 0:
        return TMUX_STARTED;
    case STATUS_NOT_TRUE:
        return TMUX_NOT_TRUE;
    case STATUS_NO_HOME:
        return TMUX_NO_HOME;
    case 127:
        return missing(inside, err);
    default:
        error_set(err, ERROR_FAILED, "tmux in %s could not start the session (status %d): %s", inside->name,
                  status, words);
        return TMUX_FAILED;
    }
}

enum tmux_start tmux_start(const struct inside *inside, const char *line, const char *tool,
                           const char *condition, bool home, struct error *err) {
    _cleanup_free_ char *session = tmux_session(inside->name),
                        *script =
                            str_printf("%s || exit %d\n%s || exit %d\n%s", condition, STATUS_NOT_TRUE,
                                       home ? "[ -d \"$HOME\" ]" : "true", STATUS_NO_HOME, wait_ready);
    _cleanup_(strings_done) struct strings command = {0};
    int status = -1;
    strings_add_all(&command, "sh", "-c", script, "sh", NULL);
    if (inside->no_root)
        plan_add_no_root(&command);
    strings_add_all(&command, "tmux", "new-session", "-d", "-s", session, "-c", WORKSPACE_PATH, NULL);
    if (*line || tool[strspn(tool, " \t")])
        add_tool(line, tool, &command);
    if (!run(inside, command.items, &status, err))
        return TMUX_FAILED;
    if (status != 1)
        return outcome(inside, status, "", err);
    /* run twice (see exec_ask()), it finds its own session; any other failure is asked for its words */
    bool alive = false;
    if (!tmux_alive(inside, &alive, err))
        return TMUX_FAILED;
    if (alive)
        return TMUX_STARTED;
    _cleanup_(capture_done) struct capture capture = {0};
    struct exec_request request = as_code(inside, command.items);
    if (!exec_capture(inside->client, inside->name, &request, 4096, &capture, err))
        return TMUX_FAILED;
    _cleanup_free_ char *words = str_shown(capture.err.data);
    return outcome(inside, capture.status, words, err);
}

void tmux_attach_command(const char *container, struct strings *command) {
    _cleanup_free_ char *session = tmux_session(container), *exactly = str_printf("=%s", session),
                        *pane = str_printf("=%s:", session);
    strings_add_all(command, "tmux", "attach-session", "-t", exactly, NULL);
    strings_add_all(command, ";", "set-option", "-pqu", "-t", pane, TMUX_BELL_OPTION, NULL);
}
