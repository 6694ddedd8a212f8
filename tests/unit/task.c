/* Tasks: code that waits, beside other code that waits. */
#include "base/task.h"
#include "base/loop.h"
#include "tests/harness/unit.h"

#include <signal.h>

struct story {
    struct loop *loop;
    struct buffer told;
    unsigned int running;
    bool all_over;
};

struct part {
    struct story *story;
    const char *name;
    long milliseconds;
    bool interruptible;
};

static void tell(struct story *story, const char *name, const char *what) {
    buffer_printf(&story->told, "%s %s; ", name, what);
}

static void pause_and_tell(void *data) {
    struct part *part = data;
    _cleanup_(error_done) struct error err = {0};
    tell(part->story, part->name, "begins");
    loop_interruptible(part->story->loop, part->interruptible);
    bool good = loop_pause(part->story->loop, part->milliseconds, &err);
    tell(part->story, part->name, good ? "ends" : err.message);
    part->story->all_over = --part->story->running == 0;
}

static struct task *begin(struct story *story, struct part *part) {
    part->story = story;
    story->running++;
    return task_start(story->loop, pause_and_tell, part);
}

static void run_story(struct story *story) {
    _cleanup_(error_done) struct error err = {0};
    assert_true(loop_run(story->loop, &story->all_over, &err));
    assert_false(loop_has_tasks(story->loop));
}

static int setup(void **state) {
    _cleanup_(error_done) struct error err = {0};
    struct story *story = mem_new(sizeof *story);
    story->loop = loop_new(&err);
    *state = story;
    return story->loop ? 0 : -1;
}

static int teardown(void **state) {
    struct story *story = *state;
    loop_free(story->loop);
    buffer_done(&story->told);
    free(story);
    return 0;
}

/* The one that began last ends first: none waits for another. */
static void test_beside(void **state) {
    struct part slow = {.name = "slow", .milliseconds = 60}, fast = {.name = "fast", .milliseconds = 5};
    struct story *story = *state;
    begin(story, &slow);
    begin(story, &fast);
    run_story(story);
    assert_string_equal(story->told.data, "slow begins; fast begins; fast ends; slow ends; ");
}

static void test_cancel(void **state) {
    struct part may = {.name = "may", .milliseconds = 60000, .interruptible = true},
                must_not = {.name = "must not", .milliseconds = 5};
    struct story *story = *state;
    struct task *first = begin(story, &may), *second = begin(story, &must_not);
    task_cancel(first);
    task_cancel(second);
    run_story(story);
    assert_string_equal(story->told.data, "may begins; may cancelled; must not begins; must not ends; ");
}

static void start_another(void *data) {
    struct part *part = data;
    begin(part->story, part);
    part->story->running--;
}

/* A task that a task starts runs too, and many in a row leave nothing behind. */
static void test_nested(void **state) {
    struct part inner = {.name = "inner", .story = *state};
    struct story *story = *state;
    for (int i = 0; i < 100; i++) {
        story->all_over = false;
        buffer_done(&story->told);
        story->running = 1;
        task_start(story->loop, start_another, &inner);
        run_story(story);
        assert_string_equal(story->told.data, "inner begins; inner ends; ");
    }
}

/* A signal ends what runs on the loop's own stack, and no task. */
static void test_signal(void **state) {
    _cleanup_(error_done) struct error err = {0};
    struct part part = {.name = "task", .milliseconds = 20, .interruptible = true};
    struct story *story = *state;
    assert_true(loop_signals(story->loop, NULL, NULL, &err));
    begin(story, &part);
    loop_interruptible(story->loop, true);
    raise(SIGTERM);
    bool never = false;
    assert_false(loop_run(story->loop, &never, &err));
    assert_int_equal(err.class, ERROR_CANCELLED);
    assert_int_equal(err.code, SIGTERM);
    loop_interruptible(story->loop, false);
    run_story(story);
    assert_string_equal(story->told.data, "task begins; task ends; ");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_beside, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nested, setup, teardown),
        cmocka_unit_test_setup_teardown(test_signal, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
