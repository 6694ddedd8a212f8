/* Snapshots on the screen: taken, gone back to, branched from, by keys. */
#include "tests/harness/world.h"

#include <string.h>

static void test_round(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_shell("work");
    world_inside(name, "echo one >/home/code/file");
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "prompt");
    terminal_type(&terminal, "7");
    terminal_expect(&terminal, "no snapshot yet");
    terminal_expect(&terminal, "z takes one, goes back to one, branches");
    terminal_type(&terminal, "z");
    terminal_expect(&terminal, "Snapshots of ");
    terminal_type(&terminal, "c");
    terminal_expect(&terminal, " is taken");
    terminal_expect(&terminal, "today ");
    world_inside(name, "echo two >/home/code/file");
    /* asked, and answered with no: nothing is done */
    terminal_type(&terminal, "r");
    terminal_expect(&terminal, "what was written outside /workspace since then is lost");
    terminal_expect(&terminal, "/workspace is the host's and stays as it is");
    terminal_type(&terminal, "n");
    terminal_expect_not(&terminal, "is lost");
    world_inside(name, "grep -q two /home/code/file");
    terminal_type(&terminal, "r");
    terminal_expect(&terminal, "is lost");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "what was there before: auto-restore-");
    _cleanup_free_ char *status = world_status(name);
    assert_string_equal(status, "STOPPED");
    /* the one under the cursor is the one that was gone back to: its files are a new session's */
    terminal_type(&terminal, "b");
    terminal_expect(&terminal, ":/workspace$");
    terminal_type(&terminal, "cat ~/file; hostname; exit\r");
    terminal_expect(&terminal, "has ended");
    /* the automatic one goes, when asked for */
    terminal_type(&terminal, "gz");
    terminal_expect(&terminal, "Snapshots of ");
    terminal_expect(&terminal, "auto-restore-");
    terminal_type(&terminal, "d");
    terminal_expect(&terminal, "Delete snapshot auto-restore-");
    terminal_type(&terminal, "y");
    terminal_expect_not(&terminal, "auto-restore-");
    terminal_type(&terminal, "\x1b");
    terminal_expect_not(&terminal, "Snapshots of ");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

/* The images, what they are used by, one deleted after a question, and command lines that keys begin. */
static void test_images(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_shell("work"), *folder = world_folder("recipes"),
                        *script = str_printf("%s/script", folder);
    write_file(script, 0755, "true\n");
    _result_ built =
        berth(&world.how, "build", "-q", "t-screen", "--base", "berth-small", "--script", script, NULL);
    assert_status(built, 0);
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "prompt");
    terminal_type(&terminal, "b");
    terminal_expect(&terminal, ":build coi");
    terminal_type(&terminal, "\x1b");
    terminal_expect_not(&terminal, ":build");
    terminal_type(&terminal, "I");
    terminal_expect(&terminal, "SESSIONS");
    terminal_expect(&terminal, "t-screen, built by berth");
    terminal_type(&terminal, "j"); /* coi */
    terminal_expect(&terminal, "used by ");
    terminal_expect(&terminal, name);
    terminal_type(&terminal, "Ge");
    terminal_expect_not(&terminal, "SESSIONS"); /* G is none of its keys: closed */
    terminal_type(&terminal, "I");
    terminal_expect(&terminal, "t-screen, built by berth");
    terminal_type(&terminal, "jjd");
    terminal_expect(&terminal, "Delete the image t-screen?");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "image t-screen deleted");
    terminal_expect_not(&terminal, "t-screen, built by berth");
    terminal_type(&terminal, "i");
    terminal_expect(&terminal, ":image import");
    terminal_type(&terminal, "\x1b");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {world_test(test_round), world_test(test_images)};
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
