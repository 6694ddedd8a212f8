/* Commands that have a terminal: size, keys and signals go in, and its modes are given back. */
#include "tests/harness/terminal.h"

#include <signal.h>
#include <string.h>

static char *folder;
static struct how how;

static int setup(void **state) {
    group_setup(state);
    folder = new_folder("", 1001, 1001);
    how.cwd = folder;
    return 0;
}

static int teardown(void **state) {
    free(folder);
    return group_teardown(state);
}

static void open_run(struct terminal *terminal, const char *script) {
    const char *const argv[] = {"berth", "run", "--image", "berth-small", "--", "sh", "-c", script, NULL};
    terminal_open(terminal, &how, 61, 17, argv);
}

static void test_terminal(void **state) {
    (void)state;
    struct terminal terminal;
    open_run(&terminal,
             "stty size; echo \"T=$TERM\"; test -t 0 && test -t 1 && test -t 2 && echo all;"
             "read x; stty size; echo \"<$x>\"; trap 'echo caught; exit 9' INT; echo wait; sleep 100");
    terminal_expect(&terminal, "17 61");
    terminal_expect(&terminal, "T=xterm-256color");
    terminal_expect(&terminal, "all");
    terminal_resize(&terminal, 90, 30);
    terminal_read(&terminal, 300); /* the size goes another way than the keys */
    terminal_type(&terminal, "w\xc3\xb6rt\r");
    terminal_expect(&terminal, "30 90");
    terminal_expect(&terminal, "<w\xc3\xb6rt>");
    terminal_expect(&terminal, "wait");
    terminal_type(&terminal, "\x03");
    terminal_expect(&terminal, "caught");
    assert_int_equal(terminal_close_restored(&terminal), 9);
    assert_no_containers();
}

/* The modes of the terminal are the same before and after, however it ends. */
static void check_modes(const char *script, int signal, int status) {
    struct termios raw;
    struct terminal terminal;
    open_run(&terminal, script);
    terminal_expect(&terminal, "ready");
    tcgetattr(terminal.slave, &raw);
    assert_int_equal(raw.c_lflag & (ICANON | ECHO), 0);
    if (signal)
        kill(terminal.pid, signal);
    assert_int_equal(terminal_close_restored(&terminal), status);
}

static void test_modes(void **state) {
    (void)state;
    check_modes("echo ready; sleep 0.3; exit 3", 0, 3);
    check_modes("echo ready; exec sleep 100", SIGTERM, 128 + SIGTERM);
    check_modes("echo ready; exec sleep 100", SIGHUP, 128 + SIGHUP);
    check_modes("echo ready; exec sleep 100", SIGSEGV, 128 + SIGSEGV);
    remove_containers(); /* a crash cleans up nothing but the terminal */
}

int main(void) {
    const struct CMUnitTest tests[] = {live_test(test_terminal), live_test(test_modes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
