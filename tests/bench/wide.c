/*
 * A cluster of three: what a run on another member costs against the bare API to that member, the screen
 * with a thousand instances on all of them, and three hundred launches through it. The last of the benches:
 * the private daemon is in a cluster from here on.
 */
#include "incus/instance.h"
#include "incus/operation.h"
#include "tests/harness/bench.h"
#include "tests/harness/world.h"

#include <string.h>

#define ROUNDS   15
#define MANY     1000
#define LAUNCHES 300

static const char *const members[] = {"nodea", "nodeb", "nodec"};
static char *config_variable;

static int setup(void **state) {
    group_setup(state);
    world_setup(state);
    _cleanup_free_ char *second = str_printf("tests/cluster/member up %s", world.folder),
                        *third = str_printf("BERTH_MEMBER=nodec tests/cluster/member up %s", world.folder),
                        *file = str_printf("%s/config/berth/config.ini", world.home);
    if (system(second) != 0 || system(third) != 0)
        fail_msg("the other members did not come up");
    config_variable = str_printf("XDG_CONFIG_HOME=%s/config", world.home);
    free(world_folder("config/berth"));
    write_file(file, 0644, "[member nodeb]\nuid = 1001\n[member nodec]\nuid = 1001\n");
    world.variables[1] = config_variable;
    return 0;
}

static int teardown(void **state) {
    remove_containers();
    (void)!system("BERTH_MEMBER=nodec tests/cluster/member down; tests/cluster/member down");
    free(config_variable);
    world_teardown(state);
    return group_teardown(state);
}

static double berth_run(const char *path) {
    double begin = bench_now();
    _result_ run = berth(&world.how, "-q", "-w", path, "run", "--", "true", NULL);
    double seconds = bench_now() - begin;
    assert_status(run, 0);
    assert_no_containers();
    return seconds;
}

static void test_run(void **state) {
    (void)state;
    double ratios[ROUNDS];
    _cleanup_free_ char *name = str_printf("%sbench", getenv("COI_CONTAINER_PREFIX")),
                        *path = str_printf("nodeb:%s", world.folder),
                        *create = instance_create_path("nodeb");
    berth_run(path); /* the first one makes the network, and unpacks the image there */
    _cleanup_json_ json_t *body = bench_bare_body(&world.how, name, path);
    for (int i = 0; i < ROUNDS; i++) {
        double ours = berth_run(path);
        ratios[i] = ours / bench_bare_run(create, name, body);
    }
    bench_verdict("run on another member / bare API to it", bench_median(ratios, ROUNDS), "", 1.2);
}

static char *name_of_number(int number) {
    return str_printf("%s%08x-1", getenv("COI_CONTAINER_PREFIX"), (unsigned int)number);
}

/* A member's share, of empty ones, made and removed in a process of its own. */
static void make_share(int member) {
    _cleanup_(error_done) struct error err = {0};
    struct loop *loop = loop_new(&err);
    struct incus *client = incus_new_local(loop, getenv("INCUS_SOCKET"), "");
    _cleanup_free_ char *path = instance_create_path(members[member]);
    for (int i = member; i < MANY; i += (int)array_length(members)) {
        _cleanup_free_ char *name = name_of_number(i);
        _cleanup_json_ json_t *body =
            json_pack("{s:s, s:{s:s}, s:{s:s, s:s}}", "name", name, "source", "type", "none", "config",
                      "user.berth.workspace", world.home, "raw.idmap", "both 1001 1000");
        if (!operation_run(client, "POST", path, body, NULL, NULL, NULL, &err)) {
            fprintf(stderr, "%s\n", err.message);
            _exit(1);
        }
    }
    _exit(0);
}

static void remove_share(int member) {
    _cleanup_(error_done) struct error err = {0};
    struct incus *client = incus_new_local(loop_new(&err), getenv("INCUS_SOCKET"), "");
    for (int i = member; i < MANY; i += (int)array_length(members)) {
        _cleanup_free_ char *name = name_of_number(i);
        (void)!instance_destroy(client, name, &err);
        error_done(&err);
    }
    _exit(0);
}

static void leave(struct terminal *terminal) {
    terminal_type(terminal, "q");
    assert_int_equal(terminal_close_restored(terminal), 0);
}

/* What the daemon takes for the same list, in milliseconds. */
static double bare_list(void) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(buffer_done) struct buffer text = {0};
    double begin = bench_now();
    assert_true(incus_fetch(daemon_client(), "/1.0/instances?recursion=1", &text, &err));
    return (bench_now() - begin) * 1000;
}

static void test_screen(void **state) {
    (void)state;
    double complete[9], bare[9], ratios[9], delay[9];
    struct terminal terminal;
    bench_at_once((int)array_length(members), make_share);
    for (size_t i = 0; i < array_length(complete); i++) {
        double begin = bench_now();
        world_screen(&terminal, 120, 40);
        complete[i] = bench_until(&terminal, "1000 sessions", begin) * 1000;
        terminal_read(&terminal, 100);
        leave(&terminal);
        bare[i] = bare_list();
        ratios[i] = complete[i] / bare[i];
    }
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "1000 sessions");
    terminal_read(&terminal, 500);
    for (size_t i = 0; i < array_length(delay); i++) {
        _cleanup_(error_done) struct error err = {0};
        int number = (int)i * 3 + 1; /* one of nodeb's */
        _cleanup_free_ char *name = name_of_number(number),
                            *text = str_printf("%d sessions", MANY - 1 - (int)i);
        assert_true(instance_delete(daemon_client(), name, &err));
        delay[i] = bench_until(&terminal, text, bench_now()) * 1000;
    }
    double peak = (double)bench_status(&terminal, "VmHWM:") / 1024;
    leave(&terminal);
    bench_verdict("a change on another member", bench_median(delay, array_length(delay)), " ms", 150);
    bench_verdict("peak memory at 1000 rows", peak, " MB", 40);
    /* three daemons on a small machine take longer for it than 300 ms by themselves */
    print_message("# complete at 1000 instances on three members: %.0f ms, the daemon's own list %.0f ms\n",
                  bench_median(complete, array_length(complete)), bench_median(bare, array_length(bare)));
    bench_verdict("complete at 1000 instances on three members / the daemon's list",
                  bench_median(ratios, array_length(ratios)), "", 1.5);
    bench_at_once((int)array_length(members), remove_share);
}

/* Runs, on each member in turn; what went wrong would stand in the log, which is looked at. */
static void test_launches(void **state) {
    (void)state;
    struct terminal terminal;
    int good = 0;
    double begin = bench_now();
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "@nodea");
    for (int i = 0; i < LAUNCHES; i++) {
        const char *member = members[(size_t)i % array_length(members)];
        terminal_type(&terminal, "r");
        terminal_expect(&terminal, "Run a command");
        _cleanup_free_ char *line = str_printf("true %d\x1bOA\x15%s:%s\r", i, member, world.folder);
        terminal_type(&terminal, line);
        terminal_expect(&terminal, "the command ended with status 0");
        terminal_type(&terminal, "k"); /* takes the line away */
        terminal_expect_not(&terminal, "the command ended with status");
        good++;
    }
    print_message("# %d launches through one screen: %.0f ms each\n", good,
                  (bench_now() - begin) * 1000 / LAUNCHES);
    assert_int_equal(good, LAUNCHES);
    leave(&terminal);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_run), cmocka_unit_test(test_screen),
                                       cmocka_unit_test(test_launches)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
