/* Sessions that last: shell, attach, reuse and records, by hand on a terminal and in the background. */
#include "tests/harness/world.h"

#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* The one record that there is; NULL if there is none. A new reference. */
static json_t *only_record(char **path) {
    glob_t found = {0};
    _cleanup_free_ char *pattern = str_printf("%s/.coi/sessions-*/*/metadata.json", world.home);
    json_t *json = NULL;
    if (glob(pattern, 0, NULL, &found) == 0 && found.gl_pathc == 1) {
        json = json_load_file(found.gl_pathv[0], 0, NULL);
        if (path)
            *path = str_copy(found.gl_pathv[0]);
    }
    globfree(&found);
    return json;
}

/* Waits until the container is gone or has this state: both come behind berth's back. */
static void await_status(const char *name, const char *status) {
    int64_t end = loop_now() + 20000;
    for (;;) {
        _cleanup_free_ char *now = world_status(name);
        if (str_equal(now, status))
            return;
        if (loop_now() > end)
            fail_msg("%s is \"%s\", not \"%s\"", name, now, status);
    }
}

static void start_background(const char *flag) {
    _result_ result = berth(&world.how, "shell", "--background", flag, NULL);
    assert_status(result, 0);
    _cleanup_free_ char *name = world_slot(1), *line = str_printf("%s\n", name);
    assert_string_equal(result.out, line);
}

/* Keys of their own: what comes in one go with others is taken for pasted text by tmux. */
static void detach(struct terminal *terminal) {
    terminal_type(terminal, "\x02");
    terminal_read(terminal, 50);
    terminal_type(terminal, "d");
    terminal_expect_raw(terminal, "detached from", 0);
}

/* In the background: it runs, its tmux has coi's name, its record is readable by coi. */
static void test_background(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1), *path = NULL;
    start_background(NULL);
    _result_ tmux = berth(&world.how, "tmux", "list", NULL);
    _cleanup_free_ char *session = str_printf("Active sessions:\n  coi-%s\n", name);
    assert_string_equal(tmux.out, session);
    _cleanup_json_ json_t *record = only_record(&path);
    assert_non_null(record);
    assert_string_equal(json_str_at(record, "container_name"), name);
    assert_string_equal(json_str_at(record, "workspace"), world.folder);
    assert_int_equal(strlen(json_str_at(record, "session_id")), 36);
    assert_true(json_is_false(json_at(record, "persistent")));
    assert_int_equal(strlen(json_str_at(record, "saved_at")), strlen("2026-11-24T10:00:00Z"));
    assert_has(path, "/sessions-shell/");
    assert_has(path, json_str_at(record, "session_id"));
    _result_ send = berth(&world.how, "tmux", "send", name, "id -un > who; pwd > where", NULL);
    assert_status(send, 0);
    for (int64_t end = loop_now() + 10000; !file_exists(world.folder, "where") && loop_now() < end;)
        ;
    _cleanup_free_ char *owner = file_owner(world.folder, "who");
    assert_string_equal(owner, "1001:1001");
    _result_ shown = berth(&world.how, "tmux", "capture", name, NULL);
    assert_has(shown.out, "id -un > who");
}

/* On a terminal: typed into, left with Ctrl-b d, found again as it was, ended with exit. */
static void test_terminal(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_slot(1);
    const char *const shell[] = {"berth", "shell", NULL}, *const attach[] = {"berth", "attach", NULL};
    terminal_open(&terminal, &world.how, 80, 24, shell);
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "id -un; echo made > in-tmux; echo $((40+2))$TERM\r");
    terminal_expect(&terminal, "42tmux");
    terminal_expect(&terminal, "code");
    detach(&terminal);
    assert_int_equal(terminal_close_restored(&terminal), 0);
    _cleanup_free_ char *owner = file_owner(world.folder, "in-tmux");
    assert_string_equal(owner, "1001:1001");
    await_status(name, "RUNNING");
    terminal_open(&terminal, &world.how, 100, 30, attach);
    terminal_expect(&terminal, "42tmux"); /* what was there is there */
    terminal_type(&terminal, "stty size\r");
    terminal_expect(&terminal, "29 100"); /* tmux keeps a line for itself */
    terminal_type(&terminal, "exit\r");
    terminal_expect_raw(&terminal, " was removed", 0);
    assert_int_equal(terminal_close_restored(&terminal), 0);
    await_status(name, "");
    assert_null(only_record(NULL)); /* no record without a container */
}

/* The terminal goes away: the session stays. */
static void test_hangup(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_slot(1);
    const char *const shell[] = {"berth", "shell", NULL};
    terminal_open(&terminal, &world.how, 80, 24, shell);
    terminal_expect(&terminal, ":/workspace$");
    kill(terminal.pid, SIGHUP);
    terminal_close(&terminal);
    await_status(name, "RUNNING");
    _result_ tmux = berth(&world.how, "tmux", "list", NULL);
    assert_has(tmux.out, name);
}

/* It powers itself off while somebody is in it. */
static void test_power_off(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_slot(1);
    const char *const shell[] = {"berth", "shell", "--persistent", NULL};
    terminal_open(&terminal, &world.how, 80, 24, shell);
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "until sudo poweroff; do sleep 0.1; done\r");
    terminal_expect_raw(&terminal, " was stopped and kept", 0);
    assert_int_equal(terminal_close_restored(&terminal), 0);
    await_status(name, "STOPPED");
    _cleanup_json_ json_t *record = only_record(NULL);
    assert_true(json_is_true(json_at(record, "persistent")));
}

/* --debug is a plain shell; an ephemeral one ends with it. */
static void test_debug(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_slot(1);
    const char *const shell[] = {"berth", "shell", "--debug", NULL};
    terminal_open(&terminal, &world.how, 80, 24, shell);
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "echo \"<$TMUX>\"; tmux ls; pwd\r");
    terminal_expect(&terminal, "<>");
    terminal_expect(&terminal, "error connecting");
    terminal_expect(&terminal, "/workspace");
    terminal_type(&terminal, "exit 7\r");
    terminal_close_restored(&terminal);
    await_status(name, "");
}

static void test_no_terminal(void **state) {
    (void)state;
    _result_ shell = berth(&world.how, "shell", NULL);
    assert_status(shell, 2);
    assert_has(shell.err, "shell needs a terminal");
    assert_has(shell.err, "--background");
    assert_no_containers();
}

/* What runs and is persistent is gone into again; a plain one gets the next slot. */
static void test_reuse_running(void **state) {
    (void)state;
    _cleanup_free_ char *first = world_slot(1), *second = world_slot(2);
    start_background("--persistent");
    start_background("--persistent");
    _cleanup_free_ char *all = containers(), *one = str_printf("%s\n", first);
    assert_string_equal(all, one);
    _result_ plain = berth(&world.how, "shell", "--background", NULL);
    assert_status(plain, 0);
    assert_has(plain.out, second);
    _result_ taken = berth(&world.how, "shell", "--background", "--slot", "2", NULL);
    assert_status(taken, 1);
    assert_has(taken.err, "which is running");
    assert_has(taken.err, "berth attach");
}

/* Changes the image of the session in slot 1, stops it, starts it again: its tmux outlives the boot. */
static void start_again(const char *script) {
    _cleanup_free_ char *name = world_slot(1);
    _result_ changed = berth(&world.how, "container", "exec", name, "--", "sh", "-c", script, NULL);
    assert_status(changed, 0);
    _result_ stop = berth(&world.how, "shutdown", name, "--force", NULL);
    assert_status(stop, 0);
    await_status(name, "STOPPED");
    int64_t begin = loop_now();
    start_background("--persistent");
    assert_true(loop_now() - begin < 4500); /* it waited for the boot, not for the end of its patience */
    _result_ booted = berth(&world.how, "container", "exec", name, "--", "sh", "-c",
                            "until systemctl is-active -q multi-user.target; do sleep 0.1; done", NULL);
    _result_ tmux = berth(&world.how, "tmux", "list", NULL);
    assert_has(tmux.out, name);
}

/* Stopped and persistent: started again with the mapping that it has, and with what it held. */
static void test_reuse_stopped(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    start_background("--persistent");
    _result_ mark = berth(&world.how, "container", "exec", name, "--", "touch", "/opt/mark", NULL);
    assert_status(mark, 0);
    /* an image that empties /tmp while it boots, tmux's socket with it; and one that mounts over it */
    start_again("rm /etc/tmpfiles.d/tmp.conf");
    start_again(
        "echo 'q /tmp 1777 root root 10d' > /etc/tmpfiles.d/tmp.conf; cd /etc/systemd/system; rm tmp.mount;"
        "cp /usr/share/systemd/tmp.mount . 2>/dev/null || cp /usr/lib/systemd/system/tmp.mount .;"
        "mkdir -p local-fs.target.wants; ln -s ../tmp.mount local-fs.target.wants/");
    _result_ still = berth(&world.how, "container", "exec", name, "--", "ls", "/opt/mark", NULL);
    assert_status(still, 0);
    _result_ mapped = berth(&world.how, "idmap", name, NULL);
    assert_status(mapped, 0);
    assert_has(mapped.out, "both 1001 1000");
    _cleanup_json_ json_t *record = only_record(NULL);
    assert_true(json_is_true(json_at(record, "persistent")));
}

/* The workspace and the world.home belong to somebody else from now on. */
static struct how become_1000(void) {
    const char *const argv[] = {"chown", "-R", "1000:1000", world.folder, world.home, NULL};
    pid_t pid = fork();
    if (pid == 0)
        execvp(argv[0], (char *const *)argv);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    return (struct how){.uid = 1000, .gid = 1000, .cwd = world.folder, .variables = world.variables};
}

/* The mapping that is needed has changed: said, and not changed by surprise. */
static void test_other_mapping(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    start_background("--persistent");
    _result_ stop = berth(&world.how, "shutdown", name, "--force", NULL);
    struct how other = become_1000();
    _result_ again = berth(&other, "shell", "--background", "--persistent", NULL);
    assert_has(again.err, "has the mapping both 1001 1000, shift would be needed now");
    _result_ real = incus_command("config", "get", name, "raw.idmap", NULL);
    assert_string_equal(real.out, "both 1001 1000\n");
    /* raw.idmap present means no shift on what is added later */
    _cleanup_free_ char *extra = new_folder("", 1000, 1000), *mount = str_printf("%s:/extra", extra);
    _result_ mounted = berth(&other, "container", "mount", name, "extra", extra, "/extra", NULL);
    assert_status(mounted, 0);
    _result_ shift = incus_command("config", "device", "get", name, "extra", "shift", NULL);
    assert_string_equal(shift.out, "false\n");
}

/* On a terminal the restart is offered; yes gives it the mapping that is needed. */
static void test_other_mapping_accepted(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_slot(1);
    start_background("--persistent");
    struct how other = become_1000();
    const char *const shell[] = {"berth", "shell", "--persistent", NULL};
    terminal_open(&terminal, &other, 120, 24, shell);
    terminal_expect(&terminal, "restart it with that");
    terminal_type(&terminal, "y\r");
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "touch as-1000; echo sum $((40+2))\r");
    terminal_expect(&terminal, "sum 42");
    detach(&terminal);
    terminal_close_restored(&terminal);
    _cleanup_free_ char *owner = file_owner(world.folder, "as-1000");
    assert_string_equal(owner, "1000:1000");
    _result_ real = incus_command("config", "get", name, "raw.idmap", NULL);
    assert_string_equal(real.out, "\n");
}

/* A container with the workspace's name, but another workspace's files, is never taken. */
static void test_other_workspace(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1), *second = world_slot(2),
                        *elsewhere = new_folder("", 1001, 1001),
                        *source = str_printf("source=%s", elsewhere);
    _result_ made = incus_command("init", "coi", name, NULL);
    _result_ device = incus_command("config", "device", "add", name, "workspace", "disk", source,
                                    "path=/workspace", NULL);
    _result_ taken = berth(&world.how, "shell", "--background", "--slot", "1", NULL);
    assert_status(taken, 1);
    assert_has(taken.err, "whose workspace is");
    _result_ next = berth(&world.how, "shell", "--background", "--persistent", NULL);
    assert_status(next, 0);
    assert_has(next.out, second);
}

/* A saved session: by its id, by its beginning, by the workspace; its container may be gone. */
static void test_resume(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(3), *own = world_record("11111111-2222-4333-8444-555555555555",
                                                                   name, world.folder, true);
    _result_ info = berth(&world.how, "info", "1111", NULL);
    assert_status(info, 0);
    assert_has(info.out, world.folder);
    struct how from_elsewhere = world.how;
    from_elsewhere.cwd = "/";
    _result_ resumed = berth(&from_elsewhere, "shell", "--background", "--resume=1111", NULL);
    assert_status(resumed, 0);
    assert_has(resumed.out, name);
    _cleanup_json_ json_t *record = only_record(NULL);
    assert_string_equal(json_str_at(record, "session_id"), "11111111-2222-4333-8444-555555555555");
    assert_int_equal(json_int_at(record, "coi_only"), 7);
    assert_string_not_equal(json_str_at(record, "saved_at"), "2026-01-02T03:04:05Z");
    _result_ again = berth(&world.how, "--continue", "shell", "--background", NULL);
    assert_status(again, 0);
    assert_has(again.out, name);
    _result_ unknown = berth(&world.how, "shell", "--background", "--resume=9999", NULL);
    assert_status(unknown, 1);
    assert_has(unknown.err, "saved session \"9999\" not found");
}

/* Two at one moment: two slots, two containers, two records. */
static void test_two_at_once(void **state) {
    (void)state;
    char *argv[] = {"berth", "shell", "--background", NULL};
    struct child children[3];
    for (size_t i = 0; i < array_length(children); i++)
        children[i] = berth_start(&world.how, argv);
    _cleanup_(buffer_done) struct buffer names = {0};
    for (size_t i = 0; i < array_length(children); i++) {
        _result_ result = child_wait(&children[i]);
        assert_status(result, 0);
        buffer_text(&names, result.out);
    }
    for (unsigned int slot = 1; slot <= array_length(children); slot++) {
        _cleanup_free_ char *name = world_slot(slot);
        assert_has(names.data, name);
    }
}

/* Ctrl-C while it is launched: nothing stays, no record either. */
static void test_cancelled(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        char *argv[] = {"berth", "shell", "--background", NULL};
        struct child child = berth_start(&world.how, argv);
        for (int64_t end = loop_now() + 60 * i; loop_now() < end;)
            ;
        kill(child.pid, SIGINT);
        _result_ result = child_wait(&child);
        if (result.status == 0)
            remove_containers(); /* it was done before */
        assert_no_containers();
        if (result.status != 0)
            assert_null(only_record(NULL));
        world_teardown(state);
        world_setup(state);
    }
}

static void test_tool(void **state) {
    (void)state;
    static const char *with_tool[] = {NULL, "BERTH_TOOL=sleep 1234", NULL};
    with_tool[0] = world.home_variable;
    struct how tool = world.how;
    tool.variables = with_tool;
    _result_ started = berth(&tool, "shell", "--background", NULL);
    assert_status(started, 0);
    _cleanup_free_ char *name = world_slot(1), *path = NULL;
    _result_ processes = berth(&world.how, "container", "exec", name, "--", "ps", "-eo", "user,args", NULL);
    assert_has(processes.out, "sleep 1234");
    _cleanup_json_ json_t *record = only_record(&path);
    assert_non_null(record);
    assert_has(path, "/sessions-sleep/");
}

/* When the tool ends, what it did is still there, and a shell: the session has not ended. */
static void test_tool_ends(void **state) {
    (void)state;
    struct terminal terminal;
    const char *with_tool[] = {world.home_variable, "BERTH_TOOL=sh -c echo;exit", NULL};
    struct how tool = world.how;
    tool.variables = with_tool;
    const char *const argv[] = {"berth", "shell", NULL};
    with_tool[1] = "BERTH_TOOL=ls /workspace/made";
    _cleanup_free_ char *made = str_printf("%s/made", world.folder);
    assert_int_equal(mkdir(made, 0755), 0);
    terminal_open(&terminal, &tool, 100, 24, argv);
    terminal_expect(&terminal, "[ls ended with status 0; exit ends the session]");
    terminal_type(&terminal, "echo $((40+2)) goes on\r");
    terminal_expect(&terminal, "42 goes on");
    terminal_type(&terminal, "exit\r");
    terminal_expect_raw(&terminal, "the session has ended", 0);
    assert_int_equal(terminal_close_restored(&terminal), 0);
    assert_no_containers();
}

/* A session that was made for another code uid is asked as that one, and no second tmux is started. */
static void test_other_code(void **state) {
    (void)state;
    static const char *other[] = {NULL, "BERTH_CODE_UID=1234", "BERTH_CODE_GID=1234", NULL};
    other[0] = world.home_variable;
    struct how how = world.how;
    how.variables = other;
    _result_ started = berth(&how, "shell", "--background", "--persistent", "--slot", "1", NULL);
    assert_status(started, 0);
    _result_ again = berth(&world.how, "shell", "--background", "--persistent", "--slot", "1", NULL);
    assert_status(again, 0);
    _cleanup_free_ char *name = world_slot(1);
    _result_ servers = berth(&world.how, "container", "exec", name, "--", "sh", "-c",
                             "ps -eo uid,comm | grep -c 'tmux: server'", NULL);
    assert_string_equal(servers.out, "1\n");
}

/* Without a terminal what there is is said first. */
static void test_attach_in_a_pipe(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    _result_ unknown = berth(&world.how, "attach", "nonesuch", NULL);
    assert_status(unknown, 1);
    assert_has(unknown.err, "container nonesuch not found");
    start_background("--persistent");
    _result_ listed = berth(&world.how, "attach", NULL);
    assert_status(listed, 0);
    assert_true(str_starts(listed.out, "Active sessions:\n"));
    assert_has(listed.out, name);
    _result_ there = berth(&world.how, "attach", name, NULL);
    assert_status(there, 2);
    assert_has(there.err, "needs a terminal");
    _result_ stopped = incus_command("stop", "-f", name, NULL);
    _result_ stands = berth(&world.how, "attach", name, NULL);
    assert_status(stands, 1);
    assert_has(stands.err, "is not running");
}

/* An image without tmux, and one without the user: said, and nothing left. */
static void test_no_tmux(void **state) {
    (void)state;
    _result_ result = berth(&world.how, "shell", "--background", "--image", "berth-small", NULL);
    assert_status(result, 1);
    assert_has(result.err, "has no tmux");
    assert_no_containers();
    assert_null(only_record(NULL));
}

/* An image whose user is another, and none at all: who works is who the mapping is for. */
static void test_other_users(void **state) {
    (void)state;
    _cleanup_free_ char *maker = str_printf("%smaker", getenv("COI_CONTAINER_PREFIX")),
                        *name = world_slot(1);
    _result_ made = incus_command("launch", "-q", "coi", maker, NULL);
    _result_ changed =
        incus_command("exec", maker, "--", "sh", "-c",
                      "userdel -r code 2>/dev/null; useradd -m -u 1234 -U -s /bin/bash dev", NULL);
    _result_ stopped = incus_command("stop", "-f", maker, NULL);
    _result_ published =
        incus_command("publish", "-q", maker, "--alias", maker, "--compression", "none", NULL);
    _result_ nobody = berth(&world.how, "shell", "--background", "--image", maker, NULL);
    static const char *as_dev[] = {NULL, "BERTH_CODE_UID=1234", "BERTH_CODE_USER=dev", NULL};
    as_dev[0] = world.home_variable;
    struct how dev = world.how;
    dev.variables = as_dev;
    _result_ known = berth(&dev, "shell", "--background", "--image", maker, "--slot", "2", NULL);
    _result_ typed = berth(&world.how, "tmux", "send", name, "echo $HOME > by-number", NULL);
    _cleanup_free_ char *second = world_slot(2);
    _result_ typed_dev =
        berth(&world.how, "tmux", "send", second, "id -un > by-dev; echo $HOME >> by-dev", NULL);
    for (int64_t end = loop_now() + 10000; loop_now() < end && !(file_exists(world.folder, "by-number") &&
                                                                 file_exists(world.folder, "by-dev"));)
        ;
    _cleanup_free_ char *first_owner = file_owner(world.folder, "by-number"),
                        *dev_owner = file_owner(world.folder, "by-dev");
    remove_containers();
    _result_ deleted = incus_command("image", "delete", maker, NULL);
    assert_status(nobody, 0);
    assert_has(nobody.err, "the image has no directory /home/code: the session runs as uid 1000");
    assert_status(known, 0);
    assert_has_not(known.err, "the image has no");
    assert_string_equal(first_owner, "1001:1001");
    assert_string_equal(dev_owner, "1001:1001");
}

/*
 * Its tmux ends while nobody is there: clean finds it, but none that goes on, is kept or just starts. Who
 * cleans may have another code user than who launched.
 */
static void test_clean_ended(void **state) {
    (void)state;
    const char *const as_other[] = {world.home_variable, "BERTH_CODE_UID=1234", NULL};
    struct how other = world.how;
    other.variables = as_other;
    _cleanup_free_ char *ended = world_slot(1), *goes_on = world_slot(2), *kept = world_slot(3);
    start_background(NULL);
    _result_ second = berth(&world.how, "shell", "--background", NULL);
    _result_ third = berth(&world.how, "shell", "--background", "--persistent", "--slot", "3", NULL);
    const char *const over[] = {ended, kept};
    for (size_t i = 0; i < array_length(over); i++) {
        _result_ end = berth(&world.how, "container", "exec", over[i], "--user", "1000", "--", "tmux",
                             "kill-server", NULL);
        assert_status(end, 0);
    }
    _result_ early = berth(&other, "clean", "--force", NULL);
    assert_has(early.out, "Nothing to clean");
    int64_t end = loop_now() + 30000;
    for (;;) {
        _result_ asked = berth(&other, "clean", NULL);
        if (strstr(asked.err, "its session has ended"))
            break;
        assert_true(loop_now() < end);
    }
    _result_ cleaned = berth(&other, "clean", "--force", NULL);
    assert_status(cleaned, 0);
    await_status(ended, "");
    await_status(goes_on, "RUNNING");
    await_status(kept, "RUNNING");
}

/* Attach: names what it cannot go into, and why. */
static void test_attach_errors(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_slot(1);
    const char *const none[] = {"berth", "attach", NULL},
                      *const unknown[] = {"berth", "attach", "nobody", NULL},
                      *const named[] = {"berth", "attach", name, NULL};
    terminal_open(&terminal, &world.how, 100, 24, none);
    terminal_expect_raw(&terminal, "no active sessions", 0);
    assert_int_equal(terminal_close_restored(&terminal), 1);
    terminal_open(&terminal, &world.how, 100, 24, unknown);
    terminal_expect_raw(&terminal, "container nobody not found", 0);
    assert_int_equal(terminal_close_restored(&terminal), 1);
    start_background("--persistent");
    _result_ second = berth(&world.how, "shell", "--background", NULL);
    terminal_open(&terminal, &world.how, 100, 24, none);
    terminal_expect_raw(&terminal, "Active sessions:", 0);
    terminal_expect_raw(&terminal, name, 0);
    assert_int_equal(terminal_close_restored(&terminal), 0);
    _result_ frozen = incus_command("pause", name, NULL);
    terminal_open(&terminal, &world.how, 100, 24, named);
    terminal_expect_raw(&terminal, "is not running (status: Frozen)", 0);
    assert_int_equal(terminal_close_restored(&terminal), 1);
    _result_ thawed = incus_command("start", name, NULL);
    _result_ stopped = incus_command("stop", "-f", name, NULL);
    terminal_open(&terminal, &world.how, 100, 24, named);
    terminal_expect_raw(&terminal, "is not running (status: Stopped)", 0);
    assert_int_equal(terminal_close_restored(&terminal), 1);
}

/* A container and a session made by coi: found, gone into, left, and ended as its record says. */
static void test_of_coi(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_slot(1), *session = str_printf("coi-%s", name),
                        *source = str_printf("source=%s", world.folder),
                        *record =
                            str_printf("{\"session_id\": \"aaaa1111-2222-4333-8444-555555555555\", "
                                       "\"container_name\": \"%s\", \"persistent\": false, "
                                       "\"workspace\": \"%s\", \"saved_at\": \"2026-01-02T03:04:05Z\"}",
                                       name, world.folder);
    _result_ made = incus_command("init", "coi", name, "-c", "raw.idmap=both 1001 1000", NULL);
    _result_ device = incus_command("config", "device", "add", name, "workspace", "disk", source,
                                    "path=/workspace", NULL);
    _result_ started = incus_command("start", name, NULL);
    _cleanup_free_ char *record_folder =
        world_record("aaaa1111-2222-4333-8444-555555555555", name, world.folder, false);
    _result_ ready = incus_command(
        "exec", name, "--", "sh", "-c",
        "until [ -L /run/systemd/units/invocation:systemd-user-sessions.service ]; do sleep 0.1; done",
        NULL);
    _result_ tmux = incus_command("exec", name, "--user", "1000", "--group", "1000", "--cwd", "/workspace",
                                  "--", "tmux", "new-session", "-d", "-s", session, NULL);
    _result_ list = berth(&world.how, "list", "--all", NULL);
    assert_has(list.out, name);
    assert_has(list.out, "aaaa1111");
    const char *const attach[] = {"berth", "attach", name, NULL};
    terminal_open(&terminal, &world.how, 80, 24, attach);
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "touch by-coi; echo sum $((40+2))\r");
    terminal_expect(&terminal, "sum 42");
    detach(&terminal);
    assert_int_equal(terminal_close_restored(&terminal), 0);
    _cleanup_free_ char *owner = file_owner(world.folder, "by-coi");
    assert_string_equal(owner, "1001:1001");
    _result_ ended = berth(&world.how, "shutdown", name, "--force", NULL);
    assert_status(ended, 0);
    await_status(name, "");
    assert_null(only_record(NULL));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        world_test(test_background),
        world_test(test_terminal),
        world_test(test_hangup),
        world_test(test_power_off),
        world_test(test_debug),
        world_test(test_no_terminal),
        world_test(test_reuse_running),
        world_test(test_reuse_stopped),
        world_test(test_other_mapping),
        world_test(test_other_mapping_accepted),
        world_test(test_other_workspace),
        world_test(test_resume),
        world_test(test_two_at_once),
        world_test(test_cancelled),
        world_test(test_tool),
        world_test(test_tool_ends),
        world_test(test_other_code),
        world_test(test_attach_in_a_pipe),
        world_test(test_no_tmux),
        world_test(test_other_users),
        world_test(test_clean_ended),
        world_test(test_attach_errors),
        world_test(test_of_coi),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
