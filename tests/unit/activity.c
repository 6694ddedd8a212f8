/* What a session is at: tmux' stream taken apart, what its output says, and what that comes to. */
#include "watch/activity.h"
#include "tests/harness/unit.h"
#include "watch/condition.h"
#include "watch/control.h"
#include "watch/scan.h"

#include <string.h>

#define NOW 1700000000000

/* A handler that writes down what it is called with. */
struct heard {
    struct buffer told;
};

static void on_output(void *data, const char *pane, const char *bytes, size_t size) {
    struct heard *heard = data;
    buffer_printf(&heard->told, "output %s %.*s;", pane, (int)size, bytes);
}
static void on_value(void *data, const char *pane, const char *name, const char *value) {
    struct heard *heard = data;
    buffer_printf(&heard->told, "value %s %s=%s;", pane, name, value);
}
static void on_reply(void *data, bool good, const char *text, size_t size) {
    struct heard *heard = data;
    assert_int_equal(strlen(text), size);
    buffer_printf(&heard->told, "%s %s;", good ? "reply" : "error", text);
}
static void on_changed(void *data) {
    struct heard *heard = data;
    buffer_text(&heard->told, "changed;");
}
static void on_paused(void *data, const char *pane) {
    struct heard *heard = data;
    buffer_printf(&heard->told, "paused %s;", pane);
}
static void on_left(void *data, const char *reason) {
    struct heard *heard = data;
    buffer_printf(&heard->told, "left %s;", reason);
}

static const struct control_handler handler = {on_output,  on_value,  on_reply,
                                               on_changed, on_paused, on_left};

/* The stream in pieces of every size says the same. */
static void check_stream(const char *stream, const char *wanted) {
    for (size_t piece = 1; piece <= strlen(stream); piece++) {
        struct heard heard = {0};
        struct control control = {.handler = &handler, .data = &heard};
        for (size_t at = 0; at < strlen(stream); at += piece) {
            size_t left = strlen(stream) - at;
            assert_true(control_feed(&control, stream + at, left < piece ? left : piece));
        }
        assert_string_equal(heard.told.data ? heard.told.data : "", wanted);
        control_done(&control);
        buffer_done(&heard.told);
    }
}

static void test_stream(void **state) {
    (void)state;
    check_stream("%begin 1 263 0\n%end 1 263 0\n%session-changed $0 coi-x\n", "changed;");
    check_stream("%output %0 a\\033[1mb\\134\\015\\012\n", "output %0 a\033[1mb\\\r\n;");
    check_stream("%extended-output %12 0 : hi : there\n", "output %12 hi : there;");
    check_stream("%subscription-changed word $0 @0 0 %0 : waiting : for you\n",
                 "value %0 word=waiting : for you;");
    check_stream("%pause %0\n%exit server exited\n%exit\n", "paused %0;left server exited;left ;");
    /* an answer of ours; what looks like a notification in it is none, nor is another command's end */
    check_stream("%begin 5 7 1\nline\n%output %0 x\n%end 5 8 1\n%end 5 7 1\n%output %0 y\n",
                 "reply line\n%output %0 x\n%end 5 8 1\n;output %0 y;");
    check_stream("%begin 5 7 1\nno such pane\n%error 5 7 1\n", "error no such pane\n;");
    /* what is broken is passed over */
    check_stream("%output\n%output %0\n%subscription-changed\n%extended-output %0\n%pause\nnoise\n\n%\n",
                 "output  ;output %0 ;paused ;");
}

static void test_endless_line(void **state) {
    (void)state;
    static char much[4096];
    struct heard heard = {0};
    struct control control = {.handler = &handler, .data = &heard};
    size_t taken = 0;
    memset(much, 'x', sizeof much);
    while (taken < 100u << 20 && control_feed(&control, much, sizeof much))
        taken += sizeof much;
    assert_in_range(taken, 1, 2u << 20);
    control_done(&control);
}

static void on_bell(void *data) {
    struct heard *heard = data;
    buffer_text(&heard->told, "bell;");
}
static void on_notification(void *data, const char *text) {
    struct heard *heard = data;
    buffer_printf(&heard->told, "notification %s;", text);
}
static void on_prompt(void *data, int status) {
    struct heard *heard = data;
    buffer_printf(&heard->told, "prompt %d;", status);
}

static void check_scan(const char *bytes, const char *wanted) {
    static const struct scan_handler scanned = {on_bell, on_notification, on_prompt};
    for (size_t piece = 1; piece <= strlen(bytes); piece++) {
        struct heard heard = {0};
        struct scan scan = {0};
        for (size_t at = 0; at < strlen(bytes); at += piece) {
            size_t left = strlen(bytes) - at;
            scan_feed(&scan, bytes + at, left < piece ? left : piece, &scanned, &heard);
        }
        assert_string_equal(heard.told.data ? heard.told.data : "", wanted);
        buffer_done(&heard.told);
    }
}

static void test_output(void **state) {
    (void)state;
    check_scan("make\r\n\a", "bell;");
    check_scan("\033]0;a title\a\033]2;another\033\\", "");
    check_scan("\033]9;build is done\a", "notification build is done;");
    check_scan("\033]9;4;1;50\a", ""); /* progress */
    check_scan("\033]777;notify;Agent;may I?\033\\", "notification Agent: may I?;");
    check_scan("\033]777;notify;Agent\033\\", "notification Agent;");
    check_scan("\033]99;i=1:d=0;Hello\033\\\033]99;;there\033\\", "notification Hello;notification there;");
    check_scan("\033]99;i=1:p=?;\033\\", "");
    check_scan("\033]133;D;2\a\033]133;A\a\033]133;D\a\033]133;D;x\a", "prompt 2;prompt -1;prompt -1;");
    /* passed on through tmux, as agents do it */
    check_scan("\033Ptmux;\033\033]9;wrapped\a\033\\\a", "notification wrapped;bell;");
    check_scan("\033Ptmux;\033\033]9;both\033\033\\\033\\", "notification both;");
    /* strings that are none of these, and such as never end as they should */
    check_scan("\033Pq#0;2;0\a\033\\x\033_Ga\a\033\\\033^p\a\033\\\033Xs\a\033\\", "");
    check_scan("\033]9;cut\030\a\033]9;cut\033[0m\a", "bell;bell;");
}

static void take(struct activity *activity, const char *state, const char *program, const char *word,
                 int64_t now) {
    activity_take(activity, "%0", "state", state, now);
    activity_take(activity, "%0", "program", program, now);
    activity_take(activity, "%0", "word", word, now);
}

static void check_text(const struct activity *activity, int64_t now, const char *wanted) {
    _cleanup_free_ char *text = activity_text(activity, now);
    assert_string_equal(text, wanted);
}

static void test_status(void **state) {
    (void)state;
    struct activity activity = {0};
    int64_t since;
    assert_int_equal(activity_status(&activity, NOW, NULL), ACTIVITY_UNKNOWN);
    /* a compiler that writes, and then does not */
    take(&activity, "1 1 0 - 1699999999 0 0", "make", "", NOW);
    assert_int_equal(activity_status(&activity, NOW, &since), ACTIVITY_WORKING);
    assert_int_equal(since, 1699999999000);
    assert_int_equal(activity_next(&activity, NOW), 1699999999000 + 3000);
    check_text(&activity, NOW + 10000, "quiet");
    check_text(&activity, NOW + 250000, "quiet 4m");
    assert_int_equal(activity_next(&activity, NOW + 250000), 0);
    /* it rings: until somebody has looked */
    activity_bell(&activity, "%0", NOW + 300000);
    check_text(&activity, NOW + 310000, "bell");
    assert_true(activity_wants(&activity, NOW + 310000));
    assert_true(activity_look(&activity, NOW + 320000));
    check_text(&activity, NOW + 320000, "quiet 5m");
    assert_false(activity_look(&activity, NOW + 321000));
    /* so does a notification, whose words are the reason */
    activity_notify(&activity, "may I\033[31m?", NOW + 330000);
    _cleanup_free_ char *reason = activity_reason(&activity, NOW + 330000);
    assert_string_equal(reason, "may I?[31m?");
    /* its own word is above all that */
    take(&activity, "1 1 0 - 1700000300 0 0", "agent", "waiting: may I edit app.c?", NOW + 340000);
    check_text(&activity, NOW + 340000, "waiting: may I edit app.c?");
    assert_int_equal(activity_status(&activity, NOW + 350000, &since), ACTIVITY_WAITING);
    assert_int_equal(since, NOW + 340000);
    take(&activity, "1 1 0 - 1700000300 0 0", "agent", "working", NOW + 351000);
    assert_int_equal(activity_status(&activity, NOW + 400000, NULL), ACTIVITY_WORKING);
    assert_int_equal(activity_next(&activity, NOW + 400000), 0); /* as long as it says so */
    /* a word of a program that has ended is not its shell's */
    activity_look(&activity, NOW + 410000);
    take(&activity, "1 1 0 - 1700000410 0 0", "bash", "working", NOW + 411000);
    assert_int_equal(activity_status(&activity, NOW + 420000, NULL), ACTIVITY_PROMPT);
    activity_prompt(&activity, "%0", 2, NOW + 420000);
    check_text(&activity, NOW + 430000, "prompt, status 2");
    activity_end(&activity, NOW + 500000);
    check_text(&activity, NOW + 500000, "ended");
    activity_done(&activity);
}

/* Of several panes what is shown is the active one's; who waits is heard from anywhere. */
static void test_panes(void **state) {
    (void)state;
    struct activity activity = {0};
    activity_take_lines(&activity,
                        "state %0 1 0 0 - 1600000000 0 0\nstate %3 1 1 0 - 1600000000 0 0\n"
                        "program %0 agent\nprogram %3 vim\nword %0 waiting: here\nnoise\n",
                        NOW);
    assert_int_equal(activity.count, 2);
    assert_string_equal(activity_program(&activity), "vim");
    check_text(&activity, NOW, "waiting: here");
    activity_take_lines(&activity, "state %3 1 1 0 - 1600000000 0 0\n", NOW);
    assert_int_equal(activity.count, 1); /* the other was closed */
    assert_int_equal(activity_status(&activity, NOW, NULL), ACTIVITY_QUIET);
    activity_take(&activity, "0", "program", "x", NOW); /* no pane's id */
    for (int i = 0; i < 1000; i++) {
        _cleanup_free_ char *id = str_printf("%%%d", i);
        activity_take(&activity, id, "program", "x", NOW);
    }
    assert_in_range(activity.count, 2, 64);
    activity_done(&activity);
}

/* What tmux keeps in seconds, and what came to the millisecond, is one bell. */
static void test_bell_once(void **state) {
    (void)state;
    struct activity activity = {0};
    take(&activity, "1 1 0 - 1699999990 0 0", "agent", "", NOW);
    activity_bell(&activity, "%0", NOW + 700);
    activity_look(&activity, NOW + 800);
    take(&activity, "1 1 0 - 1700000000 1700000000 0", "agent", "", NOW + 1000);
    assert_int_not_equal(activity_status(&activity, NOW + 900, NULL), ACTIVITY_BELL);
    take(&activity, "1 1 0 - 1700000001 1700000001 0", "agent", "", NOW + 1500);
    assert_int_equal(activity_status(&activity, NOW + 1500, NULL), ACTIVITY_BELL);
    activity_done(&activity);
    /* one that rang before anybody watched */
    take(&activity, "1 1 0 - 1699999990 0 1", "agent", "", NOW);
    assert_int_equal(activity_status(&activity, NOW, NULL), ACTIVITY_BELL);
    activity_done(&activity);
}

static void test_order(void **state) {
    (void)state;
    struct activity waiting = {0}, bell = {0}, quiet = {0}, late = {0};
    take(&waiting, "1 1 0 - 1600000000 0 0", "agent", "waiting", NOW - 5000);
    take(&late, "1 1 0 - 1600000000 0 0", "agent", "waiting", NOW);
    take(&bell, "1 1 0 - 1600000000 1699999000 0", "agent", "", NOW);
    take(&quiet, "1 1 0 - 1600000000 0 0", "agent", "", NOW);
    const struct activity *const order[] = {&waiting, &late, &bell, &quiet, NULL};
    for (size_t i = 0; i < array_length(order); i++)
        for (size_t j = 0; j < array_length(order); j++) {
            int compared = activity_compare(order[i], order[j], NOW);
            assert_int_equal((compared > 0) - (compared < 0), (i > j) - (i < j));
        }
    activity_done(&waiting);
    activity_done(&late);
    activity_done(&bell);
    activity_done(&quiet);
}

static void test_conditions(void **state) {
    (void)state;
    _cleanup_(error_done) struct error err = {0};
    struct conditions conditions;
    struct activity activity = {0};
    assert_true(conditions_parse("bell,quiet=5", &conditions, &err));
    take(&activity, "1 1 0 - 1699999998 1699999000 0", "make", "", NOW);
    assert_null(conditions_met(&conditions, &activity, false, NOW, NOW)); /* it rang before */
    assert_int_equal(conditions_next(&conditions, &activity, NOW), 1000); /* no longer "working" */
    assert_string_equal(conditions_met(&conditions, &activity, false, NOW, NOW + 3000), "quiet");
    activity_bell(&activity, "%0", NOW + 10);
    assert_string_equal(conditions_met(&conditions, &activity, false, NOW, NOW + 20), "bell");
    assert_true(conditions_parse("prompt,end", &conditions, &err));
    assert_null(conditions_met(&conditions, &activity, false, NOW, NOW + 9000));
    activity_take(&activity, "%0", "program", "zsh", NOW + 9000);
    assert_string_equal(conditions_met(&conditions, &activity, false, NOW, NOW + 9000), "prompt");
    assert_string_equal(conditions_met(&conditions, NULL, true, NOW, NOW), "end");
    assert_null(conditions_met(&conditions, NULL, false, NOW, NOW));
    const char *const wrong[] = {"", "bells", "quiet=", "quiet=0", "quiet=1x", "bell,", "bell quiet"};
    for (size_t i = 0; i < array_length(wrong); i++) {
        assert_false(conditions_parse(wrong[i], &conditions, &err));
        assert_non_null(strstr(err.message, "must be bell"));
        error_done(&err);
    }
    activity_done(&activity);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream), cmocka_unit_test(test_endless_line),
        cmocka_unit_test(test_output), cmocka_unit_test(test_status),
        cmocka_unit_test(test_panes),  cmocka_unit_test(test_bell_once),
        cmocka_unit_test(test_order),  cmocka_unit_test(test_conditions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
