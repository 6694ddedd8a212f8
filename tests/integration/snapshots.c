/* Snapshots of sessions, sessions that begin as a copy of another, and what a tool's folder goes through.
 */
#include "tests/harness/world.h"

#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

/* One more variable of berth's. */
static void set_variable(const char *variable) {
    world.variables[1] = variable;
}

/* berth snapshot WHAT NAME …, which has to succeed. */
static void snapshot(const char *what, const char *name, const char *one, const char *other) {
    _result_ result = berth(&world.how, "snapshot", what, name, one, other, NULL);
    assert_status(result, 0);
}

static void shell(const char *flag, const char *other) {
    _result_ result = berth(&world.how, "shell", "-q", "--background", flag, other, NULL);
    assert_status(result, 0);
}

static void wait_for(long milliseconds) {
    _cleanup_(error_done) struct error err = {0};
    assert_true(loop_pause(daemon_loop(), milliseconds, &err));
}

/* The output of a command inside as code. Caller owns. */
static char *inside(const char *name, const char *line) {
    _result_ result =
        berth(&world.how, "container", "exec", "--user", "1000", name, "--", "sh", "-c", line, NULL);
    assert_status(result, 0);
    return str_copy(result.out);
}

static void assert_inside(const char *name, const char *line, const char *wanted) {
    _cleanup_free_ char *out = inside(name, line);
    assert_string_equal(out, wanted);
}

/* The names of its snapshots, oldest first, a line each. Caller owns. */
static char *names(const char *name) {
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_(error_done) struct error err = {0};
    size_t index;
    const json_t *one;
    _result_ result = berth(&world.how, "snapshot", "list", name, "--format", "json", NULL);
    assert_status(result, 0);
    _cleanup_json_ json_t *list = json_parse(result.out, result.out_size, "list", &err);
    buffer_text(&text, "");
    json_array_foreach(list, index, one) buffer_printf(&text, "%s\n", json_str_at(one, "name"));
    return str_copy(text.data);
}

/* The daemon's own word for a key of it. Caller owns. */
static char *config_of(const char *name, const char *key) {
    _result_ result = incus_command("config", "get", name, key, NULL);
    return str_copy_n(result.out, strcspn(result.out, "\n"));
}

static char *devices_of(const char *name) {
    _result_ result = incus_command("config", "device", "show", name, NULL);
    return str_copy(result.out);
}

/* Taken, listed, renamed, gone back to, deleted. The files are the snapshot's, the workspace is not. */
static void test_round(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    shell("--persistent", NULL);
    world_inside(name, "echo one >/home/code/file; echo before >/workspace/kept");
    _result_ made = berth(&world.how, "snapshot", "create", name, "first", NULL);
    assert_status(made, 0);
    assert_string_equal(made.out, "first\n");
    assert_has(made.err, "/workspace is the host's and stays as it is");
    world_inside(name, "echo two >/home/code/file; echo after >/workspace/kept");
    snapshot("create", name, "second", NULL);
    snapshot("rename", name, "second", "later");
    _cleanup_free_ char *both = names(name);
    assert_string_equal(both, "first\nlater\n");
    _result_ restored = berth(&world.how, "snapshot", "restore", name, "first", NULL);
    assert_status(restored, 0);
    _cleanup_free_ char *said = str_printf("Restored %s from first\n", name);
    assert_string_equal(restored.out, said);
    assert_has(restored.err, "what was there before is in the snapshot auto-restore-");
    _cleanup_free_ char *status = world_status(name);
    assert_string_equal(status, "STOPPED");
    shell("--persistent", NULL);
    assert_inside(name, "cat /home/code/file /workspace/kept", "one\nafter\n");
    snapshot("delete", name, "first", "later");
    _cleanup_free_ char *left = names(name);
    assert_true(str_starts(left, "auto-restore-"));
    assert_int_equal(strcspn(left, "\n") + 1, strlen(left));
}

/* What berth decided since a snapshot was taken stands: it may be stricter. */
static void test_settings_stay(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    shell("--persistent", "--network=open");
    snapshot("create", name, "open", NULL);
    _result_ changed = berth(&world.how, "network", "set", name, "--network", "none", NULL);
    assert_status(changed, 0);
    _result_ marked = incus_command("config", "set", name, "limits.processes=777", "user.own=mine", NULL);
    _cleanup_free_ char *before = devices_of(name), *launch = config_of(name, "user.berth.launch");
    snapshot("restore", name, "open", NULL);
    _cleanup_free_ char *after = devices_of(name), *limit = config_of(name, "limits.processes"),
                        *own = config_of(name, "user.own"), *mode = config_of(name, "user.berth.network"),
                        *again = config_of(name, "user.berth.launch");
    assert_string_equal(after, before);
    assert_string_equal(limit, "777");
    assert_string_equal(own, "mine");
    assert_string_equal(mode, "none");
    assert_string_equal(again, launch);
    shell("--persistent", "--network=none");
    assert_inside(name, "ls /sys/class/net; stat -c %u /workspace", "lo\n1000\n");
}

/* Automatic ones are taken where the user wants it, so many are kept, and the user's are never taken away.
 */
static void test_automatic(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    const char *const variables[] = {"BERTH_SNAPSHOT_BEFORE=restore, resume", "BERTH_SNAPSHOT_KEEP=2"};
    set_variable(variables[0]);
    world.variables[2] = variables[1];
    shell("--persistent", NULL);
    snapshot("create", name, "auto-own", NULL);
    snapshot("create", name, "mine", NULL);
    for (int i = 0; i < 3; i++) {
        _result_ stopped = berth(&world.how, "container", "stop", "--force", name, NULL);
        assert_status(stopped, 0);
        wait_for(1100); /* their names tell seconds */
        _result_ resumed = berth(&world.how, "shell", "--background", "--resume", NULL);
        assert_status(resumed, 0);
        assert_has(resumed.err, " is in the snapshot auto-resume-");
    }
    _cleanup_free_ char *list = names(name);
    const char *automatic = strstr(list, "auto-resume-");
    assert_true(str_starts(list, "auto-own\nmine\n"));
    assert_non_null(automatic);
    assert_non_null(strstr(automatic + 1, "auto-resume-"));
    assert_null(strstr(strstr(automatic + 1, "auto-resume-") + 1, "auto-resume-"));
    set_variable("BERTH_SNAPSHOT_BEFORE=off");
    snapshot("restore", name, NULL, NULL); /* the last one of the user's */
    _cleanup_free_ char *after = names(name);
    assert_string_equal(after, list);
}

/* A branch has the other's files, a slot, a mapping and a network of its own; the other goes on. */
static void test_branch(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1), *copy = world_slot(2), *third = world_slot(3);
    shell(NULL, NULL);
    world_inside(name, "echo then >/home/code/file");
    snapshot("create", name, "then", NULL);
    world_inside(name, "echo now >/home/code/file");
    /* what the other has beyond that must not come along */
    _result_ more = incus_command("config", "set", name, "user.own=theirs", "limits.memory=512MiB", NULL);
    _result_ disk =
        incus_command("config", "device", "add", name, "extra", "disk", "source=/etc", "path=/extra", NULL);
    _result_ branched =
        berth(&world.how, "snapshot", "branch", name, "then", "--background", "--network=none", NULL);
    assert_status(branched, 0);
    _cleanup_free_ char *line = str_printf("%s\n", copy);
    assert_string_equal(branched.out, line);
    assert_inside(copy,
                  "cat /home/code/file; ls /extra 2>/dev/null; ls /sys/class/net; touch /workspace/by",
                  "then\nlo\n");
    _cleanup_free_ char *owner = file_owner(world.folder, "by"), *own = config_of(copy, "user.own"),
                        *memory = config_of(copy, "limits.memory"),
                        *slot = config_of(copy, "user.berth.slot"), *devices = devices_of(copy),
                        *first = config_of(name, "volatile.idmap.base"),
                        *second = config_of(copy, "volatile.idmap.base");
    assert_string_equal(owner, "1001:1001");
    assert_string_equal(own, "");
    assert_string_equal(memory, "");
    assert_string_equal(slot, "2");
    assert_has_not(devices, "extra");
    assert_string_not_equal(first, second);
    _result_ of_now = berth(&world.how, "snapshot", "branch", name, "--background", NULL);
    assert_status(of_now, 0);
    assert_inside(third, "cat /home/code/file", "now\n");
    assert_inside(name, "cat /home/code/file", "now\n");
    _cleanup_free_ char *none = names(third);
    assert_string_equal(none, "");
}

/* What differs, the workspace aside; the copy that was looked at is gone. */
static void test_diff(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1), *only = str_printf("%s\n", name);
    shell(NULL, NULL);
    world_inside(
        name, "mkdir -p /home/code/old/a /home/code/same && touch /home/code/old/a/b /home/code/old/c && "
              "echo 1 >/home/code/size; echo 1 >/home/code/mode; echo 1 >/home/code/'old-x'");
    snapshot("create", name, "then", NULL);
    world_inside(name,
                 "cd /home/code && rm -r old && mkdir -p new/b/c && echo 22 >size && chmod 600 mode && "
                 "touch 'a b' && echo x >/workspace/not-here");
    _result_ result = berth(&world.how, "snapshot", "diff", name, NULL);
    assert_status(result, 0);
    static const char *const there[] = {"- /home/code/old/ (3 within)\n", "+ /home/code/new/ (2 within)\n",
                                        "~ /home/code/size\n", "~ /home/code/mode\n", "+ /home/code/a b\n"},
                             *const not_there[] = {"not-here", "/workspace", "/home/code/same",
                                                   "old-x",    "~ /proc",    "~ /sys",
                                                   "old/a"};
    for (size_t i = 0; i < array_length(there); i++)
        assert_has(result.out, there[i]);
    for (size_t i = 0; i < array_length(not_there); i++)
        assert_has_not(result.out, not_there[i]);
    _cleanup_free_ char *all = containers();
    assert_string_equal(all, only);
    /* the same of one that is stopped */
    _result_ stopped = berth(&world.how, "container", "stop", "--force", name, NULL);
    _result_ again = berth(&world.how, "snapshot", "diff", name, "then", NULL);
    assert_status(again, 0);
    assert_has(again.out, "- /home/code/old/ (3 within)\n");
}

/* Nothing is made of what is not there, or is named badly. */
static void test_errors(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    shell(NULL, NULL);
    static const struct {
        const char *words[4];
        int status;
        const char *said;
    } rows[] = {
        {{"create", "nonesuch"}, 1, "container nonesuch not found"},
        {{"create", NULL, "bad/name"}, 2, "\"bad/name\" is no name for a snapshot"},
        {{"create", NULL, "-x"}, 2, "unknown flag"},
        {{"restore", NULL, "nope"}, 1, "snapshot nope of"},
        {{"restore", NULL}, 1, "has no snapshot that somebody took"},
        {{"branch", NULL, "nope", "--background"}, 1, "snapshot nope of"},
        {{"delete", NULL, "nope"}, 1, "snapshot nope of"},
        {{"rename", NULL, "nope", "x"}, 1, "snapshot nope of"},
    };
    for (size_t i = 0; i < array_length(rows); i++) {
        const char *const *words = rows[i].words;
        _result_ result =
            berth(&world.how, "snapshot", words[0], words[1] ? words[1] : name, words[2], words[3], NULL);
        assert_status(result, rows[i].status);
        assert_has(result.err, rows[i].said);
    }
    snapshot("create", name, "one", NULL);
    _result_ twice = berth(&world.how, "snapshot", "create", name, "one", NULL);
    assert_status(twice, 1);
    assert_has(twice.err, "has a snapshot one already");
    _result_ stateful = berth(&world.how, "snapshot", "create", name, "two", "--stateful", NULL);
    assert_status(stateful, 1);
    assert_has(stateful.err, "needs CRIU");
    _cleanup_free_ char *left = names(name), *all = containers(), *only = str_printf("%s\n", name);
    assert_string_equal(left, "one\n");
    assert_string_equal(all, only);
}

/* Killed while it restores, and back again: it comes to its end, with the container's own settings. */
static void test_daemon_dies(void **state) {
    (void)state;
    static const long moments[] = {30, 110, 220};
    size_t through = 0;
    _cleanup_free_ char *name = world_slot(1);
    char *const arguments[] = {"berth", "snapshot", "restore", name, "first", NULL};
    shell("--persistent", NULL);
    world_inside(name, "echo one >/home/code/file; head -c 50000000 /dev/urandom >/home/code/big");
    snapshot("create", name, "first", NULL);
    _result_ marked = incus_command("config", "set", name, "user.own=mine", NULL);
    for (size_t i = 0; i < array_length(moments); i++) {
        world_inside(name, "echo two >/home/code/file");
        _result_ stopped = berth(&world.how, "container", "stop", "--force", name, NULL);
        assert_status(stopped, 0);
        struct child child = berth_start(&world.how, arguments);
        wait_for(moments[i]);
        private_daemon_kill();
        private_daemon_up();
        _result_ result = child_wait(&child);
        if (result.status == 1 && strstr(result.err, ".incustmp")) { /* the daemon is in its own way */
            assert_has(result.err, "what was there before is in the snapshot");
            _cleanup_free_ char *line =
                str_printf("btrfs subvolume delete %s/storage-pools/default/containers/%s.incustmp",
                           getenv("INCUS_DIR"), name);
            _result_ mended = shell_line(&(struct how){0}, line);
            assert_status(mended, 0);
            snapshot("restore", name, "first", NULL);
        } else if (result.status == 3) { /* before it had begun: nothing was done */
            snapshot("restore", name, "first", NULL);
        } else {
            assert_status(result, 0);
        }
        through += result.status == 0;
        _cleanup_free_ char *own = config_of(name, "user.own");
        assert_string_equal(own, "mine");
        shell("--persistent", NULL);
        assert_inside(name, "cat /home/code/file; stat -c %s /home/code/big; stat -c %u /workspace",
                      "one\n50000000\n1000\n");
    }
    assert_true(through > 0);
}

/* The record's tar file; NULL if none of them has one. Caller owns. */
static char *data_file(void) {
    glob_t found = {0};
    _cleanup_free_ char *pattern = str_printf("%s/.coi/sessions-*/*/data.tar", world.home);
    char *path = glob(pattern, 0, NULL, &found) == 0 ? str_copy(found.gl_pathv[0]) : NULL;
    globfree(&found);
    return path;
}

/* The tool's folder outlives the container, and comes back with its owner; nobody else may read it. */
static void test_data(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1), *second = world_slot(2);
    struct stat info;
    set_variable("BERTH_TOOL_DATA=~/.tool");
    shell(NULL, NULL);
    world_inside(name, "mkdir -p /home/code/.tool/a && echo mine >/home/code/.tool/a/b && "
                       "ln -s /etc/passwd /home/code/.tool/link && chmod 600 /home/code/.tool/a/b && "
                       "head -c 9000000 /dev/urandom >/home/code/.tool/big");
    _cleanup_free_ char *sum = inside(name, "sha256sum </home/code/.tool/big");
    _result_ killed = berth(&world.how, "kill", name, NULL);
    assert_status(killed, 0);
    _cleanup_free_ char *file = data_file();
    assert_non_null(file);
    assert_int_equal(stat(file, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(info.st_uid, 1001);
    _cleanup_free_ char *folder = str_copy_n(file, strlen(file) - strlen("/data.tar"));
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    _result_ said = berth(&world.how, "info", NULL);
    assert_has(said.out, "Data: 9.0 MB");
    /* a new session in its slot is not it, and leaves it alone */
    _cleanup_free_ char *id = str_copy(strrchr(folder, '/') + 1), *resume = str_printf("--resume=%s", id);
    shell(NULL, NULL);
    assert_inside(name, "ls -A /home/code/.tool 2>&1 | grep -c No", "1\n");
    _result_ resumed = berth(&world.how, "shell", "--background", resume, NULL);
    assert_status(resumed, 0);
    assert_has(resumed.err, "~/.tool is what it was when the session ended");
    assert_inside(second,
                  "cd /home/code/.tool; cat a/b; stat -c '%u:%g %a' a/b; readlink link; stat -c %u .",
                  "mine\n1000:1000 600\n/etc/passwd\n1000\n");
    assert_inside(second, "sha256sum </home/code/.tool/big", sum); /* in many pieces, and whole */
}

/* What cannot be kept stays where it is, and what was kept before stays kept. */
static void test_data_refused(void **state) {
    (void)state;
    static const struct {
        const char *line, *said;
    } rows[] = {
        {"rm -rf .tool; mkdir .tool; head -c 3000000 /dev/zero >.tool/big", "~/.tool is larger than 2 MB"},
        {"rm -rf .tool; ln -s /etc .tool", "~/.tool leads out of the home"},
        {"rm -rf .tool; mkdir .tool; echo x >.tool/x; chmod 0 .tool/x", "Permission denied"},
    };
    _cleanup_free_ char *name = world_slot(1);
    set_variable("BERTH_TOOL_DATA=~/.tool");
    world.variables[2] = "BERTH_TOOL_DATA_LIMIT=2";
    shell(NULL, NULL);
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_free_ char *line = str_printf("cd /home/code; %s", rows[i].line);
        world_inside(name, line);
        _result_ killed = berth(&world.how, "kill", name, NULL);
        assert_status(killed, 1);
        assert_has(killed.err, rows[i].said);
        assert_has(killed.err, "was left as it is");
        _cleanup_free_ char *status = world_status(name), *file = data_file();
        assert_string_equal(status, "RUNNING");
        assert_null(file);
    }
    _result_ forced = berth(&world.how, "kill", "--force", name, NULL);
    assert_status(forced, 0);
    _cleanup_free_ char *file = data_file();
    assert_null(file);
}

/* On a terminal: it is kept when the session ends by itself. */
static void test_data_at_exit(void **state) {
    (void)state;
    struct terminal terminal;
    const char *const argv[] = {"berth", "shell", NULL};
    set_variable("BERTH_TOOL_DATA=~/.tool");
    terminal_open(&terminal, &world.how, 80, 24, argv);
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "mkdir ~/.tool; echo said > ~/.tool/words; exit\r");
    terminal_expect_raw(&terminal, "its data (~/.tool) was kept; berth shell --resume goes on with it", 0);
    assert_int_equal(terminal_close_restored(&terminal), 0);
    assert_no_containers();
    _cleanup_free_ char *name = world_slot(1);
    shell("--resume", NULL);
    assert_inside(name, "cat /home/code/.tool/words", "said\n");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        world_test(test_round),        world_test(test_settings_stay), world_test(test_automatic),
        world_test(test_branch),       world_test(test_errors),        world_test(test_diff),
        world_test(test_daemon_dies),  world_test(test_data),          world_test(test_data_refused),
        world_test(test_data_at_exit),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
