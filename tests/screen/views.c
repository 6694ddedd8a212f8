/* What the screen shows, at the sizes and on the terminals that people have. */
#include "tests/harness/world.h"

#include <signal.h>
#include <string.h>

/* Two that run, one that does not, of two workspaces. */
static int setup(void **state) {
    group_setup(state);
    world_open();
    _cleanup_free_ char *a = world_container("work/app", 1, true),
                        *b = world_container("work/app", 2, false),
                        *c = world_container("work/api", 1, true),
                        *d = world_container("src/日本語 site", 1, false);
    return 0;
}

static int teardown(void **state) {
    world_close();
    return group_teardown(state);
}

static void look(int columns, int rows, const char *variable, const char *golden) {
    struct terminal terminal;
    world.variables[1] = variable;
    world_screen(&terminal, columns, rows);
    terminal_expect(&terminal, "work/app");
    terminal_type(&terminal, "jj"); /* to ~/work/app 1: a session that runs */
    if (columns >= 60 && rows >= 24)
        terminal_expect(&terminal, "verified");
    terminal_read(&terminal, 200);
    terminal_golden(&terminal, golden);
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
    world.variables[1] = NULL;
}

static void test_sizes(void **state) {
    (void)state;
    look(40, 10, NULL, "list-40x10");
    look(80, 24, NULL, "list-80x24");
    look(120, 40, NULL, "list-120x40");
    world.variables[2] =
        "TERM=screen-256color"; /* libvterm 0.1 miscounts xterm's REP, used for ASCII lines */
    look(80, 24, "LC_ALL=C", "list-80x24-ascii");
    world.variables[2] = NULL;
}

static bool is_colored(const struct terminal *terminal) {
    for (int row = 0; row < terminal->rows; row++)
        for (int column = 0; column < terminal->columns; column++) {
            VTermScreenCell cell = terminal_cell(terminal, row, column);
            if (!VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) || !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg))
                return true;
        }
    return false;
}

/* The words are the same in colour and without; what is told by colour is told by signs too. */
static void test_colors(void **state) {
    (void)state;
    static const char *const without[] = {"NO_COLOR=1", "BERTH_THEME=mono", "TERM=vt220"};
    static const char *const with[] = {NULL, "BERTH_THEME=light", "TERM=xterm-color", "TERM=screen"};
    struct terminal terminal;
    for (size_t i = 0; i < array_length(without) + array_length(with); i++) {
        bool colored = i >= array_length(without);
        world.variables[1] = colored ? with[i - array_length(without)] : without[i];
        world_screen(&terminal, 80, 24);
        terminal_expect(&terminal, "● run");
        if (is_colored(&terminal) != colored)
            fail_msg("%s: %s", world.variables[1], colored ? "no colour" : "colours");
        terminal_type(&terminal, "q");
        assert_int_equal(terminal_close_restored(&terminal), 0);
    }
    world.variables[1] = NULL;
}

static void test_layers(void **state) {
    (void)state;
    struct terminal terminal;
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "4 sessions");
    terminal_type(&terminal, "?");
    terminal_expect(&terminal, "all keys");
    terminal_golden(&terminal, "help-120x40");
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "Sessions");
    terminal_type(&terminal, "jj");
    terminal_expect(&terminal, "verified");
    terminal_type(&terminal, "n");
    terminal_expect(&terminal, "New shell session");
    terminal_golden(&terminal, "form-120x40");
    terminal_type(&terminal, "\033");
    terminal_expect_not(&terminal, "New shell session");
    terminal_type(&terminal, "d");
    terminal_expect(&terminal, "Delete");
    terminal_golden(&terminal, "delete-120x40");
    terminal_type(&terminal, "\r"); /* no is the default */
    terminal_expect_not(&terminal, "Delete");
    terminal_expect(&terminal, "4 sessions");
    terminal_type(&terminal, "i");
    terminal_expect(&terminal, "the id map in force");
    terminal_type(&terminal, "\033q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

static void test_list_keys(void **state) {
    (void)state;
    struct terminal terminal;
    int column;
    world_screen(&terminal, 80, 24);
    terminal_expect(&terminal, "4 sessions");
    terminal_type(&terminal, "/API");
    terminal_expect_not(&terminal, "work/app");
    terminal_expect(&terminal, "work/api");
    int row = terminal_find(&terminal, "work/api", &column);
    VTermScreenCell cell = terminal_cell(&terminal, row, column + 5);
    assert_true(cell.attrs.underline); /* what was found stands out */
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "work/app");
    terminal_type(&terminal, "gO");
    terminal_expect(&terminal, "WORKSPACE↑");
    assert_true(terminal_find(&terminal, "work/app", NULL) < terminal_find(&terminal, "work/api", NULL));
    terminal_type(&terminal, "O");
    terminal_expect(&terminal, "WORKSPACE↓");
    terminal_type(&terminal, "o");
    terminal_expect(&terminal, "SLOT↓");
    terminal_type(&terminal, "x x");
    terminal_expect(&terminal, "3 marked");
    terminal_type(&terminal, "\033");
    terminal_expect_not(&terminal, "marked");
    terminal_type(&terminal, "3");
    terminal_expect(&terminal, "persistent: kept");
    terminal_type(&terminal, "\t\t");
    terminal_type(&terminal, "1");
    terminal_expect(&terminal, "raw.idmap  both 1001 1000");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

/* Clicks select, choose tabs and press the footer's keys; the wheel moves. */
static void test_mouse(void **state) {
    (void)state;
    struct terminal terminal;
    int column;
    world_screen(&terminal, 80, 24);
    terminal_expect(&terminal, "4 sessions");
    int row = terminal_find(&terminal, "work/api", &column);
    terminal_click(&terminal, row, column);
    terminal_read(&terminal, 300);
    assert_true(terminal_cell(&terminal, row, column).attrs.reverse);
    row = terminal_find(&terminal, "Overview", &column);
    terminal_click(&terminal, row, column + 1);
    terminal_expect(&terminal, "persistent: kept");
    row = terminal_find(&terminal, "? help", &column);
    terminal_click(&terminal, row, column + 1);
    terminal_expect(&terminal, "any other key closes");
    terminal_type(&terminal, "\033q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

/* The form fits the least of terminals: what is typed into stays in view, and nothing hangs. */
static void test_small_form(void **state) {
    (void)state;
    struct terminal terminal;
    world_screen(&terminal, 40, 10);
    terminal_expect(&terminal, "work/app");
    terminal_type(&terminal, "jjr");
    terminal_expect(&terminal, "Run a command");
    terminal_golden(&terminal, "form-40x10");
    for (int i = 0; i < 11; i++)
        terminal_type(&terminal, "\033OB");
    terminal_type(&terminal, "fast");
    terminal_expect(&terminal, "disk write fast");
    terminal_type(&terminal, "\r"); /* what is wrong with it is in view, and so is what to mend */
    terminal_expect(&terminal, "disk write: \"fast\" is not");
    terminal_expect(&terminal, "disk write fast");
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "Sessions");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

/* A resize is followed at once, a terminal that is too small says so and lives. */
static void test_resize(void **state) {
    (void)state;
    struct terminal terminal;
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "4 sessions");
    terminal_resize(&terminal, 20, 5);
    terminal_expect(&terminal, "this is 20x5");
    terminal_resize(&terminal, 80, 24);
    terminal_expect(&terminal, "Mapping");
    terminal_resize(&terminal, 59, 24);
    terminal_expect_not(&terminal, "Mapping─");
    terminal_expect(&terminal, "work/app");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

/* y: what is to be typed, or the name, for the terminal's own clipboard. */
static void test_copy(void **state) {
    (void)state;
    struct terminal terminal;
    world_screen(&terminal, 80, 24);
    terminal_expect(&terminal, "4 sessions");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "copied: t");
    terminal_expect_raw(&terminal, "\033]52;c;", 0);
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

/* Names, paths and output from outside can draw nothing but text. */
static void test_injection(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_container("evil\033[31m\033]0;title\007x", 1, true);
    world_screen(&terminal, 120, 24);
    terminal_expect(&terminal, "evil?[31m");
    terminal_type(&terminal, "r");
    terminal_expect(&terminal, "Run a command");
    terminal_type(&terminal, "printf 'a\\033]0;owned\\007b\\033[2Jc\\n'");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "the command ended with status 0");
    terminal_expect(&terminal, "a?]0;owned?b?[2Jc");
    assert_null(strstr(terminal.raw.data, "\033]0;"));
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
    _result_ gone = incus_command("delete", "-f", name, NULL);
}

/* Terminals that cannot show it: a sentence, no mess. */
static void test_dumb(void **state) {
    (void)state;
    static const char *const terms[] = {"TERM=dumb", "TERM", "TERM=no-such-terminal"};
    static const char *const words[] = {"TERM is dumb", "TERM is not set",
                                        "no description of the terminal"};
    for (size_t i = 0; i < array_length(terms); i++) {
        struct terminal terminal;
        world.variables[1] = terms[i];
        world_screen(&terminal, 100, 24);
        terminal_expect(&terminal, words[i]);
        assert_int_equal(terminal_close_restored(&terminal), 2);
    }
    world.variables[1] = NULL;
    _result_ piped = berth(&world.how, NULL);
    assert_status(piped, 2);
    assert_has(piped.err, "berth list");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_colors),
        cmocka_unit_test(test_layers),    cmocka_unit_test(test_list_keys),
        cmocka_unit_test(test_mouse),     cmocka_unit_test(test_resize),
        cmocka_unit_test(test_copy),      cmocka_unit_test(test_small_form),
        cmocka_unit_test(test_injection), cmocka_unit_test(test_dumb),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
