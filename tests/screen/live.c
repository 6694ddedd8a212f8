/* The screen shows the work: what sessions are at, their terminals as they are, and who waits for one. */
#include "tests/harness/world.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state) {
    world_setup(state);
    world.how.cwd = world.home;
    return 0;
}
#define watched_test(function) cmocka_unit_test_setup_teardown(function, setup, world_teardown)

static void quit(struct terminal *terminal) {
    terminal_type(terminal, "q");
    assert_int_equal(terminal_close_restored(terminal), 0);
}

/* Milliseconds until the screen shows it. */
static int64_t until(struct terminal *terminal, const char *text) {
    int64_t begin = loop_now();
    while (terminal_find(terminal, text, NULL) < 0 && loop_now() - begin < 20000)
        terminal_read(terminal, 1);
    terminal_expect(terminal, text);
    return loop_now() - begin;
}

/* A bell in the third session is in the header, and gone to by a key. */
static void test_bell(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *one = world_shell("work/a"), *two = world_shell("work/b"),
                        *three = world_shell("work/c");
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "3 running");
    for (int i = 0; i < 100 && terminal_find(&terminal, "run ", NULL) >= 0; i++)
        terminal_read(&terminal, 50);
    terminal_expect(&terminal, "$ prompt");
    /* a second window's bell: no output of the pane that is shown */
    world_type(three, "clear; sleep 1; printf 'one moment\\a'; sleep 100");
    int64_t delay = until(&terminal, "1 wants you (A)");
    print_message("# in the header %d ms after the line was sent, of which 1000 are the session's\n",
                  (int)delay);
    terminal_expect(&terminal, "! bell");
    terminal_type(&terminal, "A");
    int64_t jumped = until(&terminal, "one moment");
    assert_in_range(jumped, 0, 1000);
    assert_int_equal(terminal_find(&terminal, "▸", NULL), terminal_find(&terminal, "work/c", NULL));
    terminal_expect_not(&terminal, "wants you"); /* it is looked at */
    terminal_type(&terminal, "A");
    terminal_expect(&terminal, "no session wants anything");
    /* its own word stands until it says another, whoever looks */
    world_type(two, "tmux set-option -p @berth 'waiting: may I edit app.c?'");
    terminal_expect(&terminal, "? waiting");
    terminal_type(&terminal, "1k");
    terminal_expect(&terminal, "Mapping");
    terminal_type(&terminal, "\033a");
    terminal_expect(&terminal, "! waiting: may I edit app.c?");
    terminal_type(&terminal, "g");
    int column;
    assert_int_equal(terminal_find(&terminal, "1 wants you (A)", &column), 0);
    terminal_click(&terminal, 0, column);
    terminal_expect(&terminal, "▸  ~/work/b");
    terminal_expect(&terminal, "1 wants you (A)");
    terminal_type(&terminal, "m");
    terminal_expect_not(&terminal, "wants you");
    quit(&terminal);
}

/* Colours and wide characters as they are; what happens is there at once; what flows past can be seen. */
static void test_live_pane(void **state) {
    (void)state;
    struct terminal terminal;
    int column;
    _cleanup_free_ char *name = world_shell("work/app");
    world_screen(&terminal, 200, 30);
    terminal_expect(&terminal, "1 running");
    terminal_type(&terminal, "2");
    terminal_expect(&terminal, "/workspace$");
    world_type(name, "clear; printf '\\033[31mred\\033[0m \\033[7mturned\\033[0m 日本|\\n'");
    terminal_expect(&terminal, "red turned 日本|");
    int row = terminal_find(&terminal, "red turned", &column);
    VTermScreenCell red = terminal_cell(&terminal, row, column),
                    turned = terminal_cell(&terminal, row, column + 4);
    assert_true(VTERM_COLOR_IS_INDEXED(&red.fg));
    assert_int_equal(red.fg.indexed.idx, 1);
    assert_true(turned.attrs.reverse);
    terminal_expect(&terminal, "CPU   MEM");
    world_type(name, "clear; printf '\\033)0\\016lqqk\\017 drawn\\n'");
    terminal_expect(&terminal, "┌──┐ drawn");
    world_type(name, "clear; seq 500 | sed 's/^/line /'");
    terminal_expect(&terminal, "line 500");
    terminal_type(&terminal, "v");
    terminal_expect(&terminal, "esc back");
    terminal_type(&terminal, "/line 77\r");
    terminal_expect(&terminal, "line 77");
    terminal_expect(&terminal, "more below");
    terminal_type(&terminal, "/nothing like it\r");
    terminal_expect(&terminal, "not found");
    terminal_type(&terminal, "g");
    terminal_expect(&terminal, "line 28");
    terminal_type(&terminal, "G");
    terminal_expect(&terminal, "line 500");
    terminal_type(&terminal, "t");
    terminal_type(&terminal, "echo sum $((40+2));\r");
    terminal_expect(&terminal, "sum 42");
    /* it ends while it is looked at */
    world_type(name, "exit");
    terminal_expect(&terminal, "ended");
    _result_ killed = berth(&world.how, "kill", name, NULL);
    terminal_expect(&terminal, "it is gone");
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "5");
    quit(&terminal);
}

/* Several side by side, whatever becomes of the terminal's size; a line for all that are marked. */
static void test_wall(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *one = world_shell("work/a"), *two = world_shell("work/b"),
                        *three = world_shell("work/c");
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "3 running");
    terminal_type(&terminal, "w");
    terminal_expect(&terminal, "arrows choose");
    world_type(one, "clear; echo this is $((1))a");
    world_type(two, "clear; echo this is $((2))b");
    world_type(three, "clear; echo this is $((3))c");
    terminal_expect(&terminal, "this is 1a");
    terminal_expect(&terminal, "this is 2b");
    terminal_expect(&terminal, "this is 3c");
    for (int i = 0; i < 60; i++) {
        terminal_resize(&terminal, 20 + i * 37 % 140, 5 + i * 11 % 50);
        terminal_read(&terminal, 5);
    }
    terminal_resize(&terminal, 120, 40);
    terminal_expect(&terminal, "this is 3c");
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "SLOT");
    terminal_type(&terminal, "gxxxt");
    terminal_expect(&terminal, "type into 3 sessions");
    terminal_type(&terminal, "echo once >>/workspace/sent\r");
    terminal_expect(&terminal, "into 3 sessions?");
    terminal_type(&terminal, "y");
    terminal_expect(&terminal, "sent to 3 sessions");
    const char *const folders[] = {"work/a", "work/b", "work/c"};
    terminal_read(&terminal, 500);
    for (size_t i = 0; i < array_length(folders); i++) {
        _cleanup_free_ char *path = str_printf("%s/%s/sent", world.home, folders[i]),
                            *content = read_file(path);
        assert_string_equal(content, "once\n");
    }
    terminal_type(&terminal, "w");
    terminal_expect(&terminal, "arrows choose");
    terminal_type(&terminal, "\r");
    terminal_expect(&terminal, "/ search");
    terminal_type(&terminal, "\033\033");
    terminal_expect(&terminal, "SLOT");
    quit(&terminal);
}

/* Bytes that a terminal would act on: of none of them does anything arrive at the outer one. */
static const char hostile[] =
    "printf "
    "'\\033]0;TITLE\\a\\033]2;TITLE\\033\\\\\\033]52;c;SEVMTE8=\\a\\033]8;;http://evil/"
    "\\alink\\033]8;;\\a';"
    "printf "
    "'\\033P$q\"p\\033\\\\\\033P1;1|17/ab\\033\\\\\\033Pq#0;2;0;0;0#0~~\\033\\\\\\033[c\\033[>c\\033[=c';"
    "printf "
    "'\\033[5n\\033[6n\\033[18t\\033[21t\\033]10;?\\a\\033]4;1;?\\a\\033[?1000h\\033[?1006h\\033[?2004h';"
    "printf "
    "'\\033[?1049h\\033[?25l\\033[3;5r\\033(0lqk\\033(B\\033[8;5;20t\\033_Gi=1\\033\\\\\\033^"
    "x\\033\\\\\\033Xy\\033\\\\';"
    "printf "
    "'\\033[!p\\033>\\033=\\033#8\\033[4h\\0233J\\021\\023\\005\\016x\\017\\033]1337;File=:AA\\a\\033]777;"
    "notify;N;M\\a'";

static void test_hostile(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_shell("work/app"),
                        *script = str_printf("%s/work/app/hostile", world.home);
    write_file(script, 0644, hostile);
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "1 running");
    terminal_type(&terminal, "2");
    terminal_expect(&terminal, "/workspace$");
    size_t from = terminal.raw.size;
    world_type(name, "clear; sh hostile; printf '\\033[?1049l'; clear; echo over; sh hostile; echo again");
    terminal_expect(&terminal, "again");
    terminal_read(&terminal, 1500);
    const char *raw = terminal.raw.data + from;
    static const char *const never[] = {"\033]",  "\033P",       "\033_",   "\033^",   "\033X",
                                        "\033[c", "\033[?1000h", "\033[5n", "\033[6n", "\033[18t",
                                        "evil",   "\033#8",      "\x9b"};
    for (size_t i = 0; i < array_length(never); i++)
        if (strstr(raw, never[i]))
            fail_msg("%s came through", never[i] + 1);
    terminal_type(&terminal, "v");
    terminal_expect(&terminal, "esc back");
    terminal_type(&terminal, "kkk\033");
    terminal_expect(&terminal, "SLOT");
    quit(&terminal);
}

/* A session that floods holds up neither keys nor the others. */
static void test_flood(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *one = world_shell("work/a"), *two = world_shell("work/b");
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "2 running");
    terminal_type(&terminal, "2");
    terminal_expect(&terminal, "/workspace$");
    world_type(one, "yes flood");
    terminal_expect(&terminal, "flood");
    int64_t all = 0;
    for (int i = 0; i < 20; i++) {
        terminal_type(&terminal, i % 2 ? "k" : "j");
        all += until(&terminal, i % 2 ? "▸  ~/work/a" : "▸  ~/work/b");
        terminal_read(&terminal, 50);
    }
    print_message("# a key takes %d ms while a session floods\n", (int)(all / 20));
    assert_in_range(all / 20, 0, 50);
    terminal_type(&terminal, "gj");
    world_type(two, "clear; echo the other");
    terminal_expect(&terminal, "the other");
    world_inside(one, "tmux kill-server");
    terminal_expect(&terminal, "ended");
    quit(&terminal);
}

/* The daemon goes and comes back: what is shown goes on. */
static void test_daemon(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_shell("work/app");
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "1 running");
    terminal_type(&terminal, "2");
    terminal_expect(&terminal, "/workspace$");
    private_daemon_kill();
    terminal_expect(&terminal, "away, trying again");
    private_daemon_up();
    terminal_expect_not(&terminal, "away, trying again");
    terminal_read(&terminal, 2500);
    world_type(name, "clear; echo back $((1))again");
    terminal_expect(&terminal, "back 1again");
    quit(&terminal);
}

/* Whoever does not look is told once: by the terminal, and by a program of the user's. */
static void test_attention(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_shell("work/app"), *told = str_printf("%s/told", world.home),
                        *program = str_printf("%s/tell", world.home),
                        *script = str_printf("#!/bin/sh\nprintf '%%s|' \"$@\" >>%s\n", told),
                        *variable = str_printf("BERTH_ON_ATTENTION=%s", program);
    write_file(program, 0755, script);
    world.variables[1] = "BERTH_ATTENTION_DELAY=1";
    world.variables[2] = variable;
    world_screen(&terminal, 120, 30);
    world.variables[1] = world.variables[2] = NULL;
    terminal_expect(&terminal, "$ prompt");
    size_t from = terminal.raw.size;
    world_type(name, "clear; printf '\\a'");
    terminal_expect(&terminal, "1 wants you");
    terminal_read(&terminal, 2500);
    assert_null(strstr(terminal.raw.data + from, "\033]9;")); /* there is somebody */
    world_type(name, "tmux set-option -p @berth 'waiting: may I?'");
    terminal_expect(&terminal, "? waiting");
    terminal_type(&terminal, "\033[O"); /* the focus goes */
    _cleanup_free_ char *words = str_printf("\033]9;~/work/app (%s): waiting: may I?\033\\", name);
    terminal_expect_raw(&terminal, words, from);
    terminal_read(&terminal, 3000);
    const char *first = strstr(terminal.raw.data + from, "\033]9;");
    assert_null(strstr(first + 1, "\033]9;"));
    _cleanup_free_ char *content = read_file(told),
                        *wanted = str_printf("%s|%s/work/app|waiting: may I?|", name, world.home);
    assert_string_equal(content, wanted);
    terminal_type(&terminal, "\033[I");
    quit(&terminal);
}

/* What a session changed of its repository; git is not run on a configuration that it may have written. */
static void test_changes(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *folder = world_folder("work/app");
    world.how.cwd = folder;
    _result_ git =
        shell_line(&world.how, "git init -qb trunk . && printf 'one\\ntwo\\n' >app.c && git add . && "
                               "git -c user.name=a -c user.email=a@b commit -qm first");
    assert_status(git, 0);
    _cleanup_free_ char *name = world_shell("work/app");
    world_type(name, "printf 'one\\nthree\\tx\\n' >app.c; git -c user.name=a -c user.email=a@b commit -qam "
                     "second; touch new-file");
    world_screen(&terminal, 200, 30);
    terminal_expect(&terminal, "1 running");
    terminal_type(&terminal, "6");
    terminal_expect(&terminal, "new: new-file");
    terminal_expect(&terminal, "-two");
    terminal_expect(&terminal, "+three");
    terminal_expect(&terminal, "trunk"); /* the list has room for it */
    /* as if it had been written around the guard: whatever it says is not carried out */
    _result_ attack =
        shell_line(&world.how, "git config core.fsmonitor 'touch /tmp/berth-fsmonitor-ran' && "
                               "git config diff.external 'touch /tmp/berth-external-ran'");
    assert_status(attack, 0);
    terminal_type(&terminal, "1");
    terminal_expect(&terminal, "1 guarded changed");
    terminal_type(&terminal, "6");
    terminal_expect(&terminal, "git is not run");
    _result_ accepted = berth(&world.how, "guard", "accept", folder, NULL); /* nothing is left to others */
    assert_status(accepted, 0);
    _result_ ran =
        shell_line(&world.how, "[ ! -e /tmp/berth-fsmonitor-ran ] && [ ! -e /tmp/berth-external-ran ]");
    assert_status(ran, 0);
    quit(&terminal);
}

/* Somebody who has nothing yet is told what is missing; when it is there, the screen goes on by itself. */
static void test_first_start(void **state) {
    (void)state;
    struct terminal terminal;
    private_daemon_kill();
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "systemctl start incus");
    terminal_expect(&terminal, "It is tried again by itself");
    private_daemon_up();
    terminal_expect(&terminal, "No sessions yet");
    quit(&terminal);
    world.variables[1] = "BERTH_IMAGE=not-yet";
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "image \"not-yet\" not found");
    terminal_expect(&terminal, "images here:");
    _result_ alias = shell_line(
        &(struct how){0}, "incus image alias create not-yet $(incus image list -f csv -c F berth-small)");
    assert_status(alias, 0);
    terminal_expect(&terminal, "No sessions yet");
    _result_ gone = incus_command("image", "alias", "delete", "not-yet", NULL);
    terminal_expect(&terminal, "image \"not-yet\" not found");
    quit(&terminal);
}

/* Below a short list there is room for the wall. */
static void test_wall_below(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *one = world_shell("work/a"), *two = world_shell("work/b");
    world.variables[1] = "BERTH_WALL=auto";
    world_screen(&terminal, 160, 50);
    terminal_expect(&terminal, "2 running");
    world_type(one, "clear; echo this is $((1))a");
    world_type(two, "clear; echo this is $((2))b");
    terminal_expect(&terminal, "this is 1a");
    terminal_expect(&terminal, "this is 2b");
    terminal_expect(&terminal, "SLOT");
    _result_ killed = berth(&world.how, "kill", one, NULL);
    terminal_expect_not(&terminal, "this is 1a");
    terminal_resize(&terminal, 80, 24);
    terminal_expect_not(&terminal, "this is 2b");
    quit(&terminal);
}

static void golden(int columns, int rows, const char *variable, const char *keys, const char *there,
                   const char *name) {
    struct terminal terminal;
    world.variables[1] = variable;
    world.variables[2] = str_equal(variable, "LC_ALL=C") ? "TERM=screen-256color" : NULL;
    world_screen(&terminal, columns, rows);
    terminal_expect(&terminal, "$ prompt");
    terminal_expect(&terminal, "? waiting");
    terminal_expect(&terminal, "quiet");
    terminal_type(&terminal, "j");
    terminal_type(&terminal, keys);
    terminal_expect(&terminal, there);
    if (columns == 200)
        terminal_expect(&terminal, "%"); /* the statistics are a difference: they come later */
    terminal_read(&terminal, 300);
    terminal_golden(&terminal, name);
    terminal_type(&terminal, "\033");
    terminal_read(&terminal, 100);
    quit(&terminal);
    world.variables[1] = world.variables[2] = NULL;
}

/* What it looks like: at the sizes that people have, dark, light, without colours, in ASCII. */
static void test_looks(void **state) {
    (void)state;
    _cleanup_free_ char *api = world_shell("work/api"), *app = world_shell("work/app"),
                        *site = world_shell("work/site");
    world_type(api, "PS1='$ '; cat");
    world_type(app,
               "PS1='$ '; clear; printf '\\033[32mPASS\\033[0m 12 tests\\n'; tmux set-option -p @berth "
               "'waiting: may I edit app.c?'");
    world_type(site, "PS1='$ '; clear; echo built; printf '\\033]0;t\\a'");
    world_inside(api, "sleep 3; tmux clear-history; tmux send-keys -R; tmux clear-history");
    golden(80, 24, NULL, "2", "PASS 12 tests", "live-80x24");
    golden(120, 40, NULL, "2", "PASS 12 tests", "live-120x40");
    golden(120, 40, "BERTH_THEME=light", "2", "PASS 12 tests", "live-120x40");
    golden(120, 40, "NO_COLOR=1", "2", "PASS 12 tests", "live-120x40");
    golden(80, 24, "LC_ALL=C", "2", "PASS 12 tests", "live-80x24-ascii");
    golden(200, 60, "BERTH_WALL=auto", "2", "PASS 12 tests", "live-200x60");
    golden(120, 40, NULL, "w", "PASS 12 tests", "wall-120x40");
}

/* Twenty at once. */
static void test_many(void **state) {
    (void)state;
    struct terminal terminal;
    char *names[20];
    for (int i = 0; i < 20; i++) {
        _cleanup_free_ char *folder = str_printf("work/s%02d", i);
        names[i] = world_session(folder);
    }
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "20 running");
    world_type(names[17], "tmux set-option -p @berth 'waiting: number 17'");
    terminal_expect(&terminal, "1 wants you");
    for (int i = 0; i < 20; i++)
        world_inside(names[i], "tmux set-option -g @berth done");
    terminal_type(&terminal, "oo"); /* by state: who waits first */
    terminal_expect(&terminal, "STATE↓");
    terminal_type(&terminal, "g");
    terminal_expect(&terminal, "▸  ~/work/s17");
    terminal_type(&terminal, "w");
    terminal_expect(&terminal, "arrows choose");
    terminal_read(&terminal, 1000);
    terminal_type(&terminal, "\033");
    terminal_expect(&terminal, "SLOT");
    quit(&terminal);
    for (int i = 0; i < 20; i++)
        free(names[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        watched_test(test_bell),       watched_test(test_live_pane), watched_test(test_wall),
        watched_test(test_hostile),    watched_test(test_flood),     watched_test(test_daemon),
        watched_test(test_attention),  watched_test(test_changes),   watched_test(test_first_start),
        watched_test(test_wall_below), watched_test(test_many),      watched_test(test_looks),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
