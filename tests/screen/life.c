/* What one does on the screen: a whole session by keys alone, and what others do meanwhile. */
#include "tests/harness/world.h"
#include "workspace/name.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

static int open_world(void **state) {
    (void)state;
    world_open();
    return 0;
}

static int close_world(void **state) {
    (void)state;
    world_close();
    return 0;
}
#define life_test(function) cmocka_unit_test_setup_teardown(function, open_world, close_world)

static void quit(struct terminal *terminal) {
    terminal_type(terminal, "q");
    assert_int_equal(terminal_close_restored(terminal), 0);
}

/* Ctrl-b d, as keys of their own: what comes in one go is pasted text for tmux. */
static void detach(struct terminal *terminal) {
    terminal_read(terminal, 300); /* tmux asks the terminal what it is, and waits for the answers */
    terminal_type(terminal, "\x02");
    terminal_read(terminal, 60);
    terminal_type(terminal, "d");
}

/* Form, launch, work inside, detach, whose the file is, attach again, stop, delete. */
static void test_whole_session(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *folder = world_folder("work/app");
    world.how.cwd = folder;
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "n");
    terminal_expect(&terminal, "New shell session");
    terminal_expect(&terminal, "~/work/app (ext4)");
    terminal_type(&terminal, "\033OB\033OB\033OB "); /* down to persistent, and yes */
    terminal_expect(&terminal, "persistent yes");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "touch made-inside; echo sum $((40+2))\r");
    terminal_expect(&terminal, "sum 42");
    detach(&terminal);
    terminal_expect(&terminal, "detached from");
    terminal_expect(&terminal, "1 session  1 running");
    _cleanup_free_ char *owner = file_owner(folder, "made-inside");
    assert_string_equal(owner, "1001:1001");
    terminal_expect(&terminal, "verified");
    terminal_type(&terminal, "2");
    terminal_expect(&terminal, "touch made-inside");
    terminal_type(&terminal, "\r\r");    /* twice is once */
    terminal_expect(&terminal, "[coi-"); /* tmux's own line: the preview has none */
    terminal_type(&terminal, "exit\r");
    terminal_expect(&terminal, "has ended (status 0) and is kept, stopped");
    terminal_expect(&terminal, "○ stop");
    terminal_type(&terminal, "\r"); /* one that is stopped is started again */
    terminal_expect(&terminal, "[coi-");
    detach(&terminal);
    terminal_expect(&terminal, "detached from");
    terminal_type(&terminal, "s");
    terminal_expect(&terminal, "stopped and kept");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "○ stop");
    terminal_type(&terminal, "d");
    terminal_expect(&terminal, "with all that is not in the workspace");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "No sessions yet");
    quit(&terminal);
    assert_no_containers();
}

/* A command: its output in the log, its status said, its container gone. */
static void test_run(void **state) {
    (void)state;
    struct terminal terminal;
    world_screen(&terminal, 100, 30);
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "r");
    terminal_expect(&terminal, "Run a command");
    terminal_type(&terminal, "sh -c 'id -un; echo oops >&2; exit 7'\r");
    terminal_expect(&terminal, "the command ended with status 7");
    terminal_expect(&terminal, "oops");
    terminal_expect(&terminal, "No sessions yet");
    quit(&terminal);
    assert_no_containers();
}

/* A run takes a standby container, which is no session before: `a` alone shows it. */
static void test_run_standby(void **state) {
    (void)state;
    struct terminal terminal;
    world.variables[1] = "BERTH_STANDBY=1";
    _result_ filled = berth(&world.how, "standby", "fill", NULL);
    assert_status(filled, 0);
    _cleanup_free_ char *all = containers(), *name = str_copy_n(all, strcspn(all, "\n"));
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "a");
    terminal_expect(&terminal, name);
    terminal_expect(&terminal, "0 sessions");
    terminal_type(&terminal, "3");
    terminal_expect(&terminal, "standby: waits for a run");
    terminal_type(&terminal, "ar");
    terminal_expect(&terminal, "Run a command");
    terminal_type(&terminal, "sh -c 'echo it is $(hostname); exit 7'\r");
    terminal_expect(&terminal, "the command ended with status 7");
    _cleanup_free_ char *line = str_printf("it is %s", name);
    terminal_expect(&terminal, line);
    quit(&terminal);
    _result_ cleared = berth(&world.how, "standby", "clear", NULL);
    world.variables[1] = NULL;
    assert_no_containers();
}

/* What is not well is in the header; H says what mends it, y copies that, and p tries the rest. */
static void test_health(void **state) {
    (void)state;
    struct terminal terminal;
    world.variables[1] = "BERTH_NETWORK_MODE=open";
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "No sessions yet");
    terminal_expect(&terminal, "degraded (H)");
    terminal_type(&terminal, "H");
    terminal_expect(&terminal, "Health: degraded");
    terminal_expect(&terminal, "or --network restricted");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "nothing is to be mended here");
    terminal_type(&terminal, "\033[6~jjj");
    terminal_expect(&terminal, "sessions reach all that this machine does");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "copied: mode = restricted in [network]");
    terminal_resize(&terminal, 100, 30); /* what is over the panes stays, at the next key too */
    terminal_type(&terminal, "p");
    terminal_expect(&terminal, "trying in a container");
    terminal_expect(&terminal, "uid_mapping");
    terminal_type(&terminal, "\033[6~\033[6~\033[6~");
    terminal_expect(&terminal, "what code writes belongs to 1001:1001");
    terminal_type(&terminal, "\033");
    terminal_expect_not(&terminal, "uid_mapping");
    quit(&terminal);
    world.variables[1] = NULL;
    assert_no_containers();
}

/* Nothing is launched on a refused decision; what to type is there, and the plan too. */
static void test_form(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *good = world_folder("good folder"), *roots = world_folder("roots");
    assert_int_equal(chown(roots, 0, 0), 0);
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "n\x15/etc");
    terminal_expect(&terminal, "is a system directory");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "not launched: the mapping says why");
    terminal_type(&terminal, "\x15~/nowhere");
    terminal_expect(&terminal, "mkdir -p makes it");
    terminal_type(&terminal, "\x15~/roots");
    terminal_expect(&terminal, "code will not be able to write");
    terminal_type(&terminal, "\x15~/goo\t");
    terminal_expect(&terminal, "~/good folder/");
    terminal_expect(&terminal, "seen as code:code");
    terminal_type(&terminal, "\x10");
    terminal_expect(&terminal, "\"raw.idmap\": \"both 1001 1000\"");
    terminal_type(&terminal, " \033OB\x15no-such-image\r");
    terminal_expect(&terminal, "image \"no-such-image\" not found");
    terminal_expect(&terminal, "images here:");
    terminal_type(&terminal, " ");
    terminal_expect_not(&terminal, "no-such-image");
    quit(&terminal);
    assert_no_containers();
}

/* A refused mapping: host ids that are not delegated. */
static void test_refused(void **state) {
    (void)state;
    struct terminal terminal;
    struct how stranger = {.uid = 4321, .gid = 4321, .cwd = "/", .variables = world.variables};
    const char *const argv[] = {"berth", NULL};
    _cleanup_free_ char *folder = world_folder("theirs");
    assert_int_equal(chown(folder, 4321, 4321), 0);
    terminal_open(&terminal, &stranger, 120, 40, argv);
    terminal_expect(&terminal, "No sessions yet");
    _cleanup_free_ char *keys = str_printf("n\x15%s", folder);
    terminal_type(&terminal, keys);
    terminal_expect(&terminal, "refused: nothing will be launched");
    terminal_expect(&terminal, "echo root:4321:1 | sudo tee -a /etc/subuid");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "not launched");
    terminal_type(&terminal, "\x19");
    terminal_expect(&terminal, "copied: echo root:4321:1");
    terminal_resize(&terminal, 80, 24); /* what to type is in view on a small screen too */
    terminal_expect(&terminal, "echo root:4321:1 | sudo tee -a /etc/subuid");
    terminal_type(&terminal, "\033");
    quit(&terminal);
    assert_no_containers();
}

/* A launch whose hook takes 20 seconds, in the middle of it. */
static void open_slow_launch(struct terminal *terminal) {
    _cleanup_free_ char *slow = str_printf("%s/slow", world.home),
                        *hook = str_printf("BERTH_PRE_START=%s", slow);
    FILE *file = fopen(slow, "w");
    assert_non_null(file);
    fputs("#!/bin/sh\nexec sleep 20\n", file);
    assert_int_equal(fchmod(fileno(file), 0755), 0);
    fclose(file);
    world.variables[1] = hook;
    world_screen(terminal, 100, 30);
    world.variables[1] = NULL;
    terminal_expect(terminal, "No sessions yet");
    terminal_type(terminal, "n\r");
    terminal_expect(terminal, "◐ run the pre_start hook");
}

/* Cancelled in the middle of a launch: nothing stays. A hook that fails stops it too, and says why. */
static void test_cancel(void **state) {
    (void)state;
    struct terminal terminal;
    open_slow_launch(&terminal);
    terminal_type(&terminal, "q"); /* no key but esc does anything */
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "cancelled; what was created is removed");
    terminal_expect(&terminal, "No sessions yet");
    quit(&terminal);
    assert_no_containers();
    world.variables[1] = "BERTH_PRE_START=/bin/false";
    world_screen(&terminal, 100, 30);
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "n\r");
    terminal_expect(&terminal, "pre_start /bin/false ended with status 1");
    terminal_type(&terminal, "\033");
    terminal_expect_not(&terminal, "Launch");
    quit(&terminal);
    assert_no_containers();
}

/* SIGTERM in the middle of a launch undoes it too. */
static void test_terminated(void **state) {
    (void)state;
    struct terminal terminal;
    open_slow_launch(&terminal);
    kill(terminal.pid, SIGTERM);
    assert_int_equal(terminal_close_restored(&terminal), 128 + SIGTERM);
    assert_no_containers();
}

/* What is wrong with a mapping is said, with what to do; strangers in the workspace are named. */
static void test_wrong_mapping(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_container("work/app", 1, false),
                        *stranger = str_printf("%s/work/app/of-root", world.home);
    assert_int_equal(mkdir(stranger, 0755), 0);
    _result_ other = incus_command("config", "set", name, "raw.idmap=both 501 1000", NULL);
    _result_ started = incus_command("start", name, NULL);
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "the container has both 501 1000");
    terminal_expect(&terminal, "not code's: /workspace is seen as 65534:65534");
    terminal_expect(&terminal, "entries: 2 looked at, 1 not code's inside");
    assert_true(terminal_find(&terminal, "✗raw 501", NULL) > 0);
    quit(&terminal);
}

/* What another client does is there at once; one that vanishes under its question is no trouble. */
static void test_others(void **state) {
    (void)state;
    struct terminal terminal;
    world_screen(&terminal, 120, 24);
    terminal_expect(&terminal, "No sessions yet");
    _cleanup_free_ char *name = world_container("work/app", 1, false);
    terminal_expect(&terminal, "○ stop");
    _result_ started = incus_command("start", name, NULL);
    terminal_expect(&terminal, "● run");
    _result_ paused = incus_command("pause", name, NULL);
    terminal_expect(&terminal, "◌ frozen");
    _result_ resumed = incus_command("start", name, NULL);
    terminal_expect(&terminal, "● run");
    terminal_type(&terminal, "d");
    terminal_expect(&terminal, "Delete");
    _result_ deleted = incus_command("delete", "-f", name, NULL);
    terminal_expect(&terminal, "0 sessions");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "deleted"); /* it is, whoever did it */
    quit(&terminal);
}

/* Two screens, the same instances, the same key. */
static void test_two_screens(void **state) {
    (void)state;
    struct terminal one, two;
    _cleanup_free_ char *a = world_container("a", 1, true), *b = world_container("b", 1, true);
    world_screen(&one, 80, 24);
    world_screen(&two, 80, 24);
    terminal_expect(&one, "2 sessions");
    terminal_expect(&two, "2 sessions");
    terminal_type(&one, "xxd");
    terminal_type(&two, "xxd");
    terminal_expect(&one, "Delete 2 sessions?");
    terminal_expect(&two, "Delete 2 sessions?");
    terminal_type(&one, "y");
    terminal_type(&two, "y");
    terminal_expect(&one, "No sessions yet");
    terminal_expect(&two, "No sessions yet");
    quit(&one);
    quit(&two);
    assert_no_containers();
}

/* Persist, stop and delete of an ephemeral one; start; a foreign instance is shown only when asked for. */
static void test_actions(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_container("work/app", 1, false),
                        *foreign = str_printf("%sforeign", getenv("COI_CONTAINER_PREFIX"));
    _result_ other = incus_command("init", "berth-small", foreign, NULL);
    world_screen(&terminal, 120, 24);
    terminal_expect(&terminal, "1 session");
    assert_true(terminal_find(&terminal, "foreign", NULL) < 0);
    terminal_type(&terminal, "p");
    terminal_expect(&terminal, "no longer persistent");
    terminal_type(&terminal, "3");
    terminal_expect(&terminal, "ephemeral: deleted");
    terminal_type(&terminal, "p");
    terminal_expect(&terminal, "persistent: kept");
    terminal_type(&terminal, "S");
    terminal_expect(&terminal, "● run");
    terminal_type(&terminal, "R");
    terminal_expect(&terminal, "what runs in it ends");
    terminal_type(&terminal, "n");
    terminal_expect_not(&terminal, "what runs in it ends");
    terminal_type(&terminal, "a");
    terminal_expect(&terminal, foreign);
    terminal_type(&terminal, "Gd");
    terminal_expect(&terminal, "NOT A SESSION");
    terminal_type(&terminal, "\r");
    terminal_expect_not(&terminal, "NOT A SESSION");
    terminal_type(&terminal, "\r"); /* it is not gone into either */
    terminal_expect(&terminal, "is not a session");
    quit(&terminal);
    _result_ gone = incus_command("delete", foreign, NULL);
}

/* ":" is berth's own command line, with completion; its words are on the terminal as ever. */
static void test_command_line(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_container("work/app", 1, false), *line = str_printf("idmap %s", name);
    world_screen(&terminal, 100, 30);
    terminal_expect(&terminal, "1 session");
    terminal_type(&terminal, ":id\tt\t");
    terminal_expect(&terminal, line);
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "not asked: it does not run");
    terminal_expect(&terminal, "enter returns to berth");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "Sessions");
    terminal_type(&terminal, ":version\r");
    terminal_expect(&terminal, "enter returns to berth");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "Sessions");
    terminal_type(&terminal, ":q\r");
    assert_int_equal(terminal_close_restored(&terminal), 0);
    world_screen(&terminal, 100, 30);
    terminal_expect(&terminal, "1 session");
    terminal_type(&terminal, ":version\r");
    terminal_expect(&terminal, "enter returns to berth");
    int64_t begin = loop_now();
    kill(terminal.pid, SIGTERM);
    assert_int_equal(terminal_close_restored(&terminal), 128 + SIGTERM);
    assert_true(loop_now() - begin < 5000);
}

/* The daemon dies and comes back: said, the rows stay, and it goes on by itself. */
static void test_daemon(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_container("work/app", 1, false);
    world_screen(&terminal, 120, 24);
    terminal_expect(&terminal, "1 session");
    private_daemon_kill();
    terminal_expect(&terminal, "away, trying again");
    terminal_expect(&terminal, "~/work/app");
    terminal_type(&terminal, "S");
    terminal_read(&terminal, 300);
    terminal_type(&terminal, "4");
    terminal_expect(&terminal, "nobody listens on the Incus socket");
    terminal_expect(&terminal, "hint: systemctl start incus");
    private_daemon_up();
    terminal_expect(&terminal, "● default");
    terminal_type(&terminal, "S");
    terminal_expect(&terminal, "● run");
    quit(&terminal);
}

/* A paste of a megabyte into a field, and over the list: text, not keys. */
static void test_paste(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_container("work/app", 1, false);
    char *paste = mem_new((1 << 20) + 32);
    strcpy(paste, "\033[200~");
    memset(paste + 6, 'd', 1 << 20);
    strcpy(paste + 6 + (1 << 20), "y\r\033[201~");
    world_screen(&terminal, 100, 30);
    terminal_expect(&terminal, "1 session");
    terminal_type(&terminal, "\033[200~dy\r\033[201~");
    terminal_read(&terminal, 200);
    assert_true(terminal_find(&terminal, "Delete", NULL) < 0);
    terminal_type(&terminal, "n");
    terminal_expect(&terminal, "New shell session");
    terminal_type(&terminal, paste);
    terminal_expect(&terminal, "dddddddddd");
    free(paste);
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "Sessions");
    quit(&terminal);
    _cleanup_free_ char *all = containers();
    assert_has(all, name);
}

/* The terminal is given back however it ends. */
static void check_signal(int signal, int status) {
    struct terminal terminal;
    world_screen(&terminal, 80, 24);
    terminal_expect(&terminal, "No sessions yet");
    struct termios raw;
    tcgetattr(terminal.slave, &raw);
    assert_int_equal(raw.c_lflag & (ICANON | ECHO), 0);
    size_t from = terminal.raw.size;
    kill(terminal.pid, signal);
    terminal_expect_raw(&terminal, "\033[?1049l", from); /* the other screen is left */
    terminal_expect_raw(&terminal, "\033[?1004l", from);
    assert_int_equal(terminal_close_restored(&terminal), status);
}

static void test_signals(void **state) {
    (void)state;
    check_signal(SIGTERM, 128 + SIGTERM);
    check_signal(SIGHUP, 128 + SIGHUP);
    check_signal(SIGINT, 128 + SIGINT);
    check_signal(SIGSEGV, 128 + SIGSEGV);
    check_signal(SIGABRT, 128 + SIGABRT);
}

/* A signal while a session has the terminal: given back as it was, and the session goes on. */
static void test_signal_attached(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *folder = world_folder("work/app"),
                        *name = name_of(getenv("COI_CONTAINER_PREFIX"), folder, 1);
    _result_ shell = berth(&world.how, "shell", "--background", "-w", folder, NULL);
    assert_status(shell, 0);
    world_screen(&terminal, 100, 30);
    terminal_expect(&terminal, "1 running");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, ":/workspace$");
    terminal_resize(&terminal, 90, 25);
    terminal_read(&terminal, 500); /* the size goes another way than the keys */
    terminal_type(&terminal, "stty size\r");
    terminal_expect(&terminal, "24 90");
    kill(terminal.pid, SIGTERM);
    assert_int_equal(terminal_close_restored(&terminal), 128 + SIGTERM);
    _result_ tmux = berth(&world.how, "tmux", "list", NULL);
    assert_has(tmux.out, name);
}

/* Ctrl-Z gives it back to the shell, fg takes it again. */
static void test_suspend(void **state) {
    (void)state;
    struct terminal terminal;
    const char *const argv[] = {"bash", "--norc", "-i", NULL};
    terminal_open(&terminal, &world.how, 80, 24, argv);
    terminal_type(&terminal, "PS1='prompt> '; clear\r");
    terminal_expect(&terminal, "prompt>");
    terminal_type(&terminal, "\"$BERTH\"\r");
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "\x1a");
    terminal_expect(&terminal, "Stopped");
    terminal_type(&terminal, "stty -a | grep -o ' icanon'; echo sum $((40+2))\r");
    terminal_expect(&terminal, "sum 42");
    terminal_expect(&terminal, " icanon");
    terminal_type(&terminal, "fg\r");
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "?");
    terminal_expect(&terminal, "any other key closes");
    terminal_type(&terminal, "\033q");
    terminal_expect(&terminal, "prompt>");
    terminal_type(&terminal, "exit\r");
    terminal_close(&terminal);
}

/* How often the kernel has woken a process that had nothing to do. */
static long wakeups(pid_t pid) {
    _cleanup_free_ char *file = str_printf("/proc/%d/status", (int)pid), *status = read_file(file);
    const char *line = strstr(status, "\nvoluntary_ctxt_switches:");
    return line ? strtol(line + strlen("\nvoluntary_ctxt_switches:"), NULL, 10) : -1;
}

/*
 * A session runs, and something that is guarded appears in its workspace: said without being asked, shown
 * in full by a key, and put back by another.
 */
static void test_guard(void **state) {
    (void)state;
    struct terminal terminal;
    _result_ git = shell_line(&world.how, "git init -q .");
    assert_status(git, 0);
    _result_ shell = berth(&world.how, "shell", "--background", NULL);
    assert_status(shell, 0);
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "holds against code, not");
    assert_int_equal(terminal_find(&terminal, "guarded changed", NULL), -1);
    terminal_read(&terminal, 2000);
    long before = wakeups(terminal.pid);
    terminal_read(&terminal, 3000); /* watching is not looking */
    assert_in_range(wakeups(terminal.pid) - before, 0, 4);
    _result_ attack = shell_line(&world.how, "mkdir .vscode && echo '{}' >.vscode/tasks.json");
    assert_status(attack, 0);
    terminal_expect(&terminal, "1 guarded changed");
    terminal_expect(&terminal, "appeared");
    terminal_type(&terminal, "c");
    terminal_expect(&terminal, "Changed since");
    terminal_type(&terminal, "R");
    terminal_expect(&terminal, "put back 1 path");
    terminal_type(&terminal, "y");
    terminal_expect_not(&terminal, "guarded changed");
    _result_ gone = shell_line(&world.how, "[ ! -e .vscode ] && [ -e .berth-aside-*/.vscode/tasks.json ]");
    assert_status(gone, 0);
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "Sessions");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        life_test(test_whole_session),
        life_test(test_run),
        life_test(test_run_standby),
        life_test(test_health),
        life_test(test_form),
        life_test(test_refused),
        life_test(test_cancel),
        life_test(test_others),
        life_test(test_two_screens),
        life_test(test_actions),
        life_test(test_command_line),
        life_test(test_terminated),
        life_test(test_wrong_mapping),
        life_test(test_daemon),
        life_test(test_paste),
        life_test(test_signals),
        life_test(test_signal_attached),
        life_test(test_suspend),
        life_test(test_guard),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
