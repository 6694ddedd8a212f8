/* What the screen costs: its first frame, a thousand rows, a key, a change made elsewhere, and rest. */
#include "incus/instance.h"
#include "incus/operation.h"
#include "tests/harness/bench.h"
#include "tests/harness/world.h"

#include <poll.h>
#include <string.h>

#define SOME 300
#define MANY 1000
#define KEYS 61

static int made;

static int setup(void **state) {
    group_setup(state);
    world_open();
    return 0;
}

static int teardown(void **state) {
    world_close();
    return group_teardown(state);
}

static char *name_of_number(int number) {
    return str_printf("%s%08x-1", getenv("COI_CONTAINER_PREFIX"), (unsigned int)number);
}

static void make_until(int count) {
    for (; made < count; made++) {
        _cleanup_(error_done) struct error err = {0};
        _cleanup_free_ char *name = name_of_number(made);
        _cleanup_json_ json_t *body = json_pack(
            "{s:s, s:{s:s, s:s}, s:{s:s, s:s}}", "name", name, "source", "type", "image", "alias",
            "berth-small", "config", "user.berth.workspace", world.home, "raw.idmap", "both 1001 1000");
        if (!operation_run(daemon_client(), "POST", "/1.0/instances", body, NULL, NULL, NULL, &err))
            fail_msg("%s", err.message);
    }
}

static void leave(struct terminal *terminal) {
    terminal_type(terminal, "q");
    assert_int_equal(terminal_close_restored(terminal), 0);
}

static void test_start(void **state) {
    (void)state;
    double first[15], complete[15];
    make_until(SOME);
    for (size_t i = 0; i < array_length(first); i++) {
        struct terminal terminal;
        double begin = bench_now();
        world_screen(&terminal, 120, 40);
        first[i] = bench_until(&terminal, "Sessions", begin) * 1000;
        complete[i] = bench_until(&terminal, "300 sessions", begin) * 1000;
        terminal_read(&terminal, 100);
        leave(&terminal);
    }
    bench_verdict("first frame", bench_median(first, array_length(first)), " ms", 30);
    bench_verdict("complete at 300 instances", bench_median(complete, array_length(complete)), " ms", 150);
}

/* The time from a key to the first byte of its frame, and the bytes of that frame. */
static void test_keys(void **state) {
    (void)state;
    double seconds[KEYS], bytes[KEYS];
    struct terminal terminal;
    make_until(MANY);
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "1000 sessions");
    terminal_read(&terminal, 500);
    for (int i = 0; i < KEYS; i++) {
        size_t from = terminal.raw.size;
        double begin = bench_now();
        terminal_type(&terminal, "j");
        while (terminal.raw.size == from)
            terminal_read(&terminal, 1);
        seconds[i] = (bench_now() - begin) * 1000;
        terminal_read(&terminal, 20);
        bytes[i] = (double)(terminal.raw.size - from);
        terminal_read(&terminal, 200); /* what is looked at once the cursor rests is not the key's frame */
    }
    bench_verdict("a key at 1000 rows", bench_median(seconds, KEYS), " ms", 5);
    bench_verdict("bytes written for it", bench_median(bytes, KEYS), "", 600);
    bench_verdict("peak memory at 1000 rows", (double)bench_status(&terminal, "VmHWM:") / 1024, " MB", 16);
    leave(&terminal);
}

/* Another client deletes one: from the daemon's own word for it to the screen. */
static void test_change(void **state) {
    (void)state;
    double delay[9];
    struct terminal terminal;
    make_until(SOME);
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "sessions");
    terminal_read(&terminal, 500);
    for (size_t i = 0; i < array_length(delay); i++) {
        _cleanup_(error_done) struct error err = {0};
        _cleanup_free_ char *name = name_of_number(--made), *text = str_printf("%d sessions", made);
        size_t from = terminal.raw.size;
        assert_true(instance_delete(daemon_client(), name, &err));
        double begin = bench_now();
        delay[i] = bench_until(&terminal, text, begin) * 1000;
        assert_true(terminal.raw.size > from);
    }
    leave(&terminal);
    bench_verdict("a change made elsewhere", bench_median(delay, array_length(delay)), " ms", 100);
}

/* A minute of rest: what wakes it are the daemon's pings and the uptime's minute. */
static void test_rest(void **state) {
    (void)state;
    struct terminal terminal;
    _cleanup_free_ char *name = world_container("work/app", 1, true);
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "1 running");
    terminal_read(&terminal, 3000);
    long before = bench_status(&terminal, "voluntary_ctxt_switches:");
    terminal_read(&terminal, 60000);
    long after = bench_status(&terminal, "voluntary_ctxt_switches:");
    leave(&terminal);
    remove_containers();
    bench_verdict("wakeups in a minute of rest", (double)(after - before), "", 12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_change),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
