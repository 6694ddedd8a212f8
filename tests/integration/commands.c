/* The commands that act on sessions that are there, and the low level for scripts. */
#include "tests/harness/world.h"

#include <glob.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define SMALL "--image", "berth-small"

/* A container as coi leaves them: of this workspace, without keys of berth's. */
static char *make(unsigned int slot, bool running) {
    char *name = world_slot(slot);
    _cleanup_free_ char *source = str_printf("source=%s", world.folder);
    _result_ made = incus_command("init", "berth-small", name, "-c", "raw.idmap=both 1001 1000", NULL);
    _result_ device = incus_command("config", "device", "add", name, "workspace", "disk", source,
                                    "path=/workspace", NULL);
    if (running) {
        _result_ started = incus_command("start", name, NULL);
    }
    return name;
}

static void assert_state(const char *name, const char *wanted) {
    _cleanup_free_ char *status = world_status(name);
    assert_string_equal(status, wanted);
}

static char *write_record(const char *id, const char *container, bool persistent) {
    return world_record(id, container, world.folder, persistent);
}

/*
 * Without a terminal a name that was typed is an answer already; what was not named needs --force, unless
 * nothing is lost by it.
 */
static void test_asks(void **state) {
    (void)state;
    static const char *const commands[] = {"kill", "shutdown"};
    _cleanup_free_ char *name = make(1, true), *second = make(2, true), *third = make(3, true);
    for (size_t i = 0; i < array_length(commands); i++) {
        _result_ result = berth(&world.how, commands[i], "--all", NULL);
        assert_status(result, 1);
        assert_has(result.err, "nothing was done");
        assert_has(result.err, "--force");
    }
    assert_state(name, "RUNNING");
    _result_ persisted = berth(&world.how, "persist", "--all", NULL);
    assert_status(persisted, 0);
    assert_string_equal(persisted.out, "Persisted 3 container(s)\n");
    _result_ killed = berth(&world.how, "kill", name, NULL);
    assert_status(killed, 0);
    assert_string_equal(killed.out, "Killed 1 container(s)\n");
    _result_ shut = berth(&world.how, "shutdown", "--timeout", "1", second, NULL);
    assert_status(shut, 0);
    assert_string_equal(shut.out, "Shutdown 1 container(s)\n");
    assert_state(second, "STOPPED");
    _result_ deleted = berth(&world.how, "container", "delete", third, NULL);
    assert_status(deleted, 0);
    assert_state(name, "");
    assert_state(third, "");
}

/* What every script that was written for coi matches on, where nothing else looks at it. */
static void test_script_words(void **state) {
    (void)state;
    static const struct {
        const char *argv[6], *words;
        int status;
    } rows[] = {
        {{"list", "--format", "xml"}, "invalid format 'xml': must be 'text' or 'json'", 2},
        {{"list", "extra"}, "accepts 0 arg(s), received 1", 2},
        {{"image", "delete"}, "accepts 1 arg(s), received 0", 2},
        {{"image", "delete"}, "Usage: berth image delete ALIAS", 2},
        {{"run"}, "requires at least 1 arg(s), only received 0", 2},
        {{"nonesuch"}, "unknown command \"nonesuch\"", 2},
        {{"container", "nonesuch"}, "unknown command \"nonesuch\" for \"berth container\"", 2},
        {{"list", "--nonesuch"}, "unknown flag: --nonesuch", 2},
        {{"list", "--nonesuch"}, "Usage: berth list", 2},
        {{"list", "--slot"}, "flag needs an argument: --slot", 2},
        {{"attach", "nonesuch"}, "container nonesuch not found", 1},
        {{"container", "start", "nonesuch"}, "container nonesuch not found", 1},
        {{"info", "nonesuch"}, "not found", 1},
        {{"idmap", "nonesuch"}, "nonesuch not found", 1},
        {{"run", "--image", "nonesuch", "--", "true"}, "image \"nonesuch\" not found", 1},
        {{"container", "exec", "nonesuch", "--format=raw", "true"}, "--format needs --capture", 2},
    };
    char *record = write_record("eeee1111-2222-4333-8444-555555555555", "coi-00000000-1", true);
    free(record);
    for (size_t i = 0; i < array_length(rows); i++) {
        const char *const *argv = rows[i].argv;
        _result_ result = berth(&world.how, argv[0], argv[1], argv[2], argv[3], argv[4], argv[5], NULL);
        assert_has(result.err, rows[i].words);
        assert_status(result, rows[i].status);
    }
    static const char *const nothing[][2] = {{"kill", "No containers to kill\n"},
                                             {"shutdown", "No containers to shutdown\n"},
                                             {"persist", "No containers to persist\n"}};
    for (size_t i = 0; i < array_length(nothing); i++) {
        _result_ result = berth(&world.how, nothing[i][0], "--all", NULL);
        assert_status(result, 0);
        assert_string_equal(result.out, nothing[i][1]);
    }
    _result_ info = berth(&world.how, "info", "eeee1111", NULL);
    assert_has(info.out, "/.coi/sessions-claude/eeee1111-2222-4333-8444-555555555555\n");
    assert_has(info.out, "berth shell --resume=eeee1111-2222-4333-8444-555555555555\n");
}

/* On a terminal it asks, names what is lost, and takes no for the answer unless told otherwise. */
static void test_question(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = make(1, true);
    const char *const argv[] = {"berth", "kill", name, NULL};
    terminal_open(&terminal, &world.how, 120, 20, argv);
    terminal_expect(&terminal, "delete 1 session, with all that is not in the workspace? [y/N]");
    terminal_expect(&terminal, world.folder);
    terminal_type(&terminal, "\r");
    assert_int_equal(terminal_close(&terminal), 1);
    assert_state(name, "RUNNING");
    terminal_open(&terminal, &world.how, 120, 20, argv);
    terminal_expect(&terminal, "[y/N]");
    terminal_type(&terminal, "y\r");
    assert_int_equal(terminal_close(&terminal), 0);
    assert_state(name, "");
}

static void test_kill(void **state) {
    (void)state;
    _cleanup_free_ char *first = make(1, true), *second = make(2, false), *third = make(3, true);
    _result_ some = berth(&world.how, "kill", "--force", first, "nobody", second, NULL);
    assert_status(some, 0);
    assert_has(some.err, "container nobody not found");
    assert_state(first, "");
    assert_state(second, "");
    assert_state(third, "RUNNING");
    _result_ none = berth(&world.how, "kill", "--force", "nobody", NULL);
    assert_status(none, 1);
    _result_ all = berth(&world.how, "kill", "--force", "--all", NULL);
    assert_status(all, 0);
    _result_ again = berth(&world.how, "kill", "--force", "--all", NULL);
    assert_status(again, 0);
    assert_no_containers();
}

/* Frozen ones end too. */
static void test_frozen(void **state) {
    (void)state;
    _cleanup_free_ char *first = make(1, true), *second = make(2, true);
    _result_ paused = incus_command("pause", first, second, NULL);
    _result_ exec = berth(&world.how, "container", "exec", first, "--", "true", NULL);
    assert_status(exec, 1);
    assert_has(exec.err, "is not running (status: Frozen)");
    _result_ killed = berth(&world.how, "kill", "--force", first, NULL);
    assert_status(killed, 0);
    assert_state(first, "");
    _result_ deleted = berth(&world.how, "container", "delete", "--force", second, NULL);
    assert_status(deleted, 0);
    assert_state(second, "");
}

/* Two at the same containers at the same moment: both say that it is done. */
static void test_two_kill(void **state) {
    (void)state;
    _cleanup_free_ char *first = make(1, true), *second = make(2, true);
    char *argv[] = {"berth", "kill", "--force", first, second, NULL};
    struct child a = berth_start(&world.how, argv), b = berth_start(&world.how, argv);
    _result_ of_a = child_wait(&a);
    _result_ of_b = child_wait(&b);
    assert_true(of_a.status == 0 || of_b.status == 0);
    assert_has_not(of_a.err, "busy");
    assert_has_not(of_b.err, "busy");
    assert_no_containers();
}

/* Persistent ones are kept by shutdown; ephemeral ones, as their record says, are not. */
static void test_shutdown(void **state) {
    (void)state;
    _cleanup_free_ char *kept = make(1, true), *dropped = make(2, true),
                        *record = write_record("aaaa1111-2222-4333-8444-555555555555", dropped, false);
    _result_ result = berth(&world.how, "shutdown", "--force", "--all", "--timeout", "1", NULL);
    assert_status(result, 0);
    assert_state(kept, "STOPPED");
    assert_state(dropped, "");
    assert_int_not_equal(access(record, F_OK), 0);
}

static void test_persist(void **state) {
    (void)state;
    _cleanup_free_ char *name = make(1, true),
                        *record = write_record("aaaa1111-2222-4333-8444-555555555555", name, false);
    _result_ result = berth(&world.how, "persist", "--force", name, NULL);
    assert_status(result, 0);
    _result_ list = berth(&world.how, "list", "--format=json", NULL);
    assert_has(list.out, "\"persistent\": true");
    _cleanup_free_ char *file = str_printf("%s/metadata.json", record);
    _cleanup_json_ json_t *json = json_load_file(file, 0, NULL);
    assert_true(json_is_true(json_at(json, "persistent")));
    _result_ ended = berth(&world.how, "shutdown", "--force", name, "--timeout", "1", NULL);
    assert_status(ended, 0);
    assert_state(name, "STOPPED");
}

/* What ended sessions left, and nothing that runs or is kept; a record that is no JSON does not hinder. */
static void test_clean(void **state) {
    (void)state;
    _cleanup_free_ char *runs = make(1, true), *kept = make(2, false), *left = make(3, false),
                        *gone = world_slot(4);
    _cleanup_free_ char *of_runs = write_record("aaaa1111-2222-4333-8444-555555555555", runs, false),
                        *of_left = write_record("bbbb1111-2222-4333-8444-555555555555", left, false),
                        *of_gone = write_record("cccc1111-2222-4333-8444-555555555555", gone, false),
                        *broken = write_record("dddd1111-2222-4333-8444-555555555555", gone, false),
                        *file = str_printf("%s/metadata.json", broken);
    assert_int_equal(truncate(file, 20), 0);
    _result_ listed = berth(&world.how, "list", "--all", NULL);
    assert_status(listed, 0);
    assert_has(listed.err, file);
    assert_has(listed.out, "cccc1111");
    _result_ asked = berth(&world.how, "clean", NULL);
    assert_status(asked, 1);
    _result_ cleaned = berth(&world.how, "clean", "--force", NULL);
    assert_status(cleaned, 0);
    assert_state(runs, "RUNNING");
    assert_state(kept, "STOPPED");
    assert_state(left, "");
    assert_int_not_equal(access(of_left, F_OK), 0);
    assert_int_equal(access(of_gone, F_OK), 0);
    _result_ sessions = berth(&world.how, "clean", "--sessions", "--force", NULL);
    assert_status(sessions, 0);
    assert_int_not_equal(access(of_gone, F_OK), 0);
    assert_int_equal(access(of_runs, F_OK), 0);
    _result_ again = berth(&world.how, "clean", "--all", "--force", NULL);
    assert_status(again, 0);
    assert_has(again.out, "Nothing to clean");
}

static void test_container(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    _result_ not_there = berth(&world.how, "container", "exists", name, NULL);
    assert_status(not_there, 1);
    assert_string_equal(not_there.err, "");
    _result_ launched = berth(&world.how, "container", "launch", "berth-small", name, NULL);
    assert_status(launched, 0);
    _cleanup_free_ char *words = str_printf("Container %s launched from berth-small\n", name),
                        *exists = str_printf("container %s already exists", name);
    assert_string_equal(launched.out, words);
    _result_ twice = berth(&world.how, "container", "launch", "berth-small", name, NULL);
    assert_status(twice, 1);
    assert_has(twice.err, exists);
    _result_ there = berth(&world.how, "container", "exists", name, NULL);
    assert_status(there, 0);
    _result_ running = berth(&world.how, "container", "running", name, NULL);
    assert_status(running, 0);
    _result_ exec = berth(&world.how, "container", "exec", name, "--user", "1000", "--env", "A=b c",
                          "--cwd", "/tmp", "--", "sh", "-c", "id -u; id -g; echo $A; pwd; exit 5", NULL);
    assert_status(exec, 5);
    assert_string_equal(exec.out, "1000\n1000\nb c\n/tmp\n");
    _result_ captured = berth(&world.how, "container", "exec", name, "--capture", "--", "sh", "-c",
                              "echo out; echo err >&2; exit 3", NULL);
    _cleanup_json_ json_t *json = json_loads(captured.out, 0, NULL);
    assert_string_equal(json_str_at(json, "stdout"), "out\n");
    assert_string_equal(json_str_at(json, "stderr"), "err\n");
    assert_int_equal(json_int_at(json, "exit_code"), 3);
    _result_ raw = berth(&world.how, "container", "exec", name, "--capture", "--format", "raw", "--", "sh",
                         "-c", "echo out; exit 3", NULL);
    assert_status(raw, 3);
    assert_string_equal(raw.out, "out\n");
    _result_ missing = berth(&world.how, "container", "exec", name, "--", "no-such-thing", NULL);
    assert_status(missing, 127);
    _result_ stopped = berth(&world.how, "container", "stop", "--force", name, NULL);
    assert_status(stopped, 0);
    _result_ stands = berth(&world.how, "container", "running", name, NULL);
    assert_status(stands, 1);
    _result_ started = berth(&world.how, "container", "start", name, NULL);
    assert_status(started, 0);
    _result_ deleted = berth(&world.how, "container", "delete", "--force", name, NULL);
    assert_status(deleted, 0);
    assert_no_containers();
}

static void put(const char *name, const char *content, mode_t mode) {
    _cleanup_free_ char *path = str_printf("%s/%s", world.home, name);
    _cleanup_fclose_ FILE *file = fopen(path, "w");
    fputs(content, file);
    assert_int_equal(fchmod(fileno(file), mode) | fchown(fileno(file), 1001, 1001), 0);
}

/* Modes and spaces survive both ways, folders and links too. */
/*
 * Commands that begin at one moment: about one in forty is lost by a daemon that intercepts syscalls on a
 * kernel without an LSM (see EXEC_ATTACH_FAILED). Each runs, and runs once.
 */
static void test_exec_once(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1);
    _result_ launched = berth(&world.how, "container", "launch", "berth-small", name, NULL);
    assert_status(launched, 0);
    _result_ intercepted = incus_command("config", "set", name, "security.syscalls.intercept.mknod=true",
                                         "security.syscalls.intercept.setxattr=true", NULL);
    _result_ again = incus_command("restart", "-f", name, NULL);
    char *const command[] = {
        "berth", "container", "exec", name, "--", "sh", "-c", "echo >> /tmp/begun; echo said", NULL};
    enum { AT_ONCE = 8, ROUNDS = 30 };
    for (int round = 0; round < ROUNDS; round++) {
        struct child children[AT_ONCE];
        for (int i = 0; i < AT_ONCE; i++)
            children[i] = berth_start(&world.how, command);
        for (int i = 0; i < AT_ONCE; i++) {
            _result_ result = child_wait(&children[i]);
            assert_status(result, 0);
            assert_string_equal(result.out, "said\n");
        }
    }
    _result_ begun =
        berth(&world.how, "container", "exec", name, "--", "sh", "-c", "wc -l < /tmp/begun", NULL);
    _cleanup_free_ char *wanted = str_printf("%d\n", AT_ONCE * ROUNDS);
    assert_string_equal(begun.out, wanted);
}

static void test_files(void **state) {
    (void)state;
    _cleanup_free_ char *name = make(1, true), *tree = str_printf("%s/a tree", world.home),
                        *sub = str_printf("%s/sub", tree), *link = str_printf("%s/link", tree),
                        *one = str_printf("%s/one file", world.home), *to = str_printf("%s:/tmp/", name),
                        *from = str_printf("%s:/tmp/a tree", name),
                        *back = str_printf("%s/back", world.home),
                        *from_one = str_printf("%s:/tmp/one file", name);
    put("one file", "hello\n", 0741);
    assert_int_equal(mkdir(tree, 0755) | mkdir(sub, 0700) | symlink("sub/in it", link), 0);
    assert_int_equal(chown(tree, 1001, 1001) | chown(sub, 1001, 1001), 0);
    put("a tree/sub/in it", "deep\n", 0640);
    _result_ pushed = berth(&world.how, "file", "push", one, to, NULL);
    assert_status(pushed, 0);
    _cleanup_free_ char *pushed_words = str_printf("Pushed file %s -> %s\n", one, to),
                        *tree_words = str_printf("Pushed directory %s -> %s\n", tree, to),
                        *back_words = str_printf("Pulled directory %s -> %s\n", from, back);
    assert_string_equal(pushed.out, pushed_words);
    _result_ looked = berth(&world.how, "container", "exec", name, "--", "sh", "-c",
                            "stat -c '%a %u:%g' '/tmp/one file'; cat '/tmp/one file'", NULL);
    assert_string_equal(looked.out, "741 1000:1000\nhello\n");
    _result_ plain = berth(&world.how, "file", "push", tree, to, NULL);
    assert_status(plain, 2);
    assert_has(plain.err, "-r");
    _result_ all = berth(&world.how, "file", "push", "-r", tree, to, NULL);
    assert_status(all, 0);
    assert_string_equal(all.out, tree_words);
    _result_ again = berth(&world.how, "file", "pull", "-r", from, back, NULL);
    assert_status(again, 0);
    assert_string_equal(again.out, back_words);
    _cleanup_free_ char *deep = str_printf("%s/sub/in it", back), *copied = str_printf("%s/link", back);
    struct stat info;
    assert_int_equal(stat(deep, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
    assert_int_equal(info.st_uid, 1001);
    assert_int_equal(lstat(copied, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    _result_ pulled = berth(&world.how, "file", "pull", from_one, back, NULL);
    assert_status(pulled, 0);
    _cleanup_free_ char *landed = str_printf("%s/one file", back);
    assert_int_equal(stat(landed, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0741);
    _result_ nothing = berth(&world.how, "file", "pull", "nobody:/etc/passwd", back, NULL);
    assert_status(nothing, 1);
    assert_has(nothing.err, "container nobody not found");
}

static void test_images(void **state) {
    (void)state;
    _cleanup_free_ char *name = make(1, true),
                        *alias = str_printf("%spub-1", getenv("COI_CONTAINER_PREFIX")),
                        *second = str_printf("%spub-2", getenv("COI_CONTAINER_PREFIX"));
    _result_ list = berth(&world.how, "image", "list", NULL);
    assert_true(str_starts(list.out, "Available Images:\n"));
    assert_has(list.out, "berth-small");
    _result_ none = berth(&world.how, "image", "list", "--all", "--prefix", "nonesuch", NULL);
    assert_has_not(none.out, "berth-small");
    _result_ json = berth(&world.how, "images", "--format", "json", NULL);
    assert_has(json.out, "\"alias\": \"berth-small\"");
    _result_ running = berth(&world.how, "image", "publish", name, alias, NULL);
    assert_status(running, 1);
    assert_has(running.err, "only a stopped container");
    _result_ stopped = berth(&world.how, "container", "stop", "--force", name, NULL);
    _result_ published = berth(&world.how, "image", "publish", name, alias, NULL);
    assert_status(published, 0);
    assert_int_equal(strlen(published.out), 65);
    _result_ exists = berth(&world.how, "image", "exists", alias, NULL);
    assert_status(exists, 0);
    /* another content: of the same the daemon would make the same image */
    _cleanup_free_ char *more = str_printf("%s/tmp/more", name);
    _result_ created = incus_command("file", "create", more, NULL);
    _result_ other =
        berth(&world.how, "image", "publish", name, second, "--description", "a second one", NULL);
    _result_ described = berth(&world.how, "image", "list", NULL);
    assert_has(described.out, "a second one");
    _cleanup_free_ char *all = str_printf("%spub-", getenv("COI_CONTAINER_PREFIX"));
    assert_status(other, 0);
    _result_ cleaned = berth(&world.how, "image", "cleanup", all, "--keep", "1", NULL);
    assert_status(cleaned, 0);
    _result_ older = berth(&world.how, "image", "exists", alias, NULL);
    assert_status(older, 1);
    _result_ deleted = berth(&world.how, "image", "delete", second, NULL);
    assert_status(deleted, 0);
    _result_ gone = berth(&world.how, "image", "exists", second, NULL);
    assert_status(gone, 1);
    _result_ unknown = berth(&world.how, "image", "delete", "--force", "no-such-image", NULL);
    assert_status(unknown, 1);
    assert_has(unknown.err, "images here: ");
}

static void check_completion(const char *first, const char *second, const char *wanted) {
    _result_ result = berth(&world.how, "completion", "words", "--", first, second, NULL);
    assert_status(result, 0);
    assert_has(result.out, wanted);
}

static void test_completion(void **state) {
    (void)state;
    _cleanup_free_ char *name = make(1, false);
    check_completion("sh", NULL, "shell\nshutdown\n");
    check_completion("kill", "t", name);
    check_completion("run", "--per", "--persistent\n");
    check_completion("--image", "berth", "berth-small\n");
    check_completion("container", "ex", "exec\nexists\n");
    check_completion("list", "--for", "--format\n");
    _result_ bash = berth(&world.how, "completion", "bash", NULL);
    assert_has(bash.out, "complete -o filenames -F _berth berth");
    _cleanup_free_ char *script = str_printf("PATH=%s:$PATH; berth() { \"$BERTH\" \"$@\"; }; eval "
                                             "\"$(berth completion bash)\"; COMP_WORDS=(berth kill t); "
                                             "COMP_CWORD=2; _berth; echo \"${COMPREPLY[0]}\"",
                                             "/usr/bin");
    char *argv[] = {"bash", "-c", script, NULL};
    struct terminal terminal;
    terminal_open(&terminal, &world.how, 80, 5, (const char *const *)argv);
    terminal_expect(&terminal, name);
    terminal_close(&terminal);
}

/* Every command has its help, and the manual has every command. */
static void test_manual(void **state) {
    (void)state;
    static const char *const some[] = {"shell",  "attach",         "kill",      "clean",
                                       "file",   "container exec", "tmux send", "image cleanup",
                                       "config", "completion",     "persist",   "info"};
    _result_ manual = berth(&world.how, "help", "--man", NULL);
    assert_status(manual, 0);
    assert_true(str_starts(manual.out, ".TH"));
    for (size_t i = 0; i < array_length(some); i++) {
        _cleanup_free_ char *words = str_copy(some[i]);
        char *rest = words, *first = strsep(&rest, " ");
        _result_ help = berth(&world.how, "help", first, rest, NULL);
        assert_status(help, 0);
        _cleanup_free_ char *usage = str_printf("berth %s ", some[i]);
        assert_true(str_starts(help.out, usage));
        assert_has(manual.out, first);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        world_test(test_asks),       world_test(test_script_words), world_test(test_question),
        world_test(test_kill),       world_test(test_frozen),       world_test(test_two_kill),
        world_test(test_shutdown),   world_test(test_persist),      world_test(test_clean),
        world_test(test_container),  world_test(test_files),        world_test(test_images),
        world_test(test_completion), world_test(test_manual),       world_test(test_exec_once),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
