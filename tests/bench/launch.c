/*
 * What a run and a list cost, as ratios against the incus command and the bare API, both sides in one
 * run, turn by turn: the median of the turns' ratios. Each line says the limit; above it the test fails.
 */
#include "incus/instance.h"
#include "incus/operation.h"
#include "tests/harness/bench.h"

#include <string.h>

#define ROUNDS    25
#define INSTANCES 300

static double berth_run(void) {
    char *argv[] = {getenv("BERTH"), "run", "-q", "--", "true", NULL};
    double seconds = bench_cost(argv).seconds;
    assert_no_containers();
    return seconds;
}

static double incus_run(const char *name) {
    char *launch[] = {"incus", "launch", "-q", "-e", "coi", (char *)name, NULL};
    char *exec[] = {"incus", "exec", (char *)name, "--", "true", NULL};
    char *delete[] = {"incus", "delete", "-f", (char *)name, NULL};
    return bench_cost(launch).seconds + bench_cost(exec).seconds + bench_cost(delete).seconds;
}

static void test_run(void **state) {
    (void)state;
    double to_incus[ROUNDS], to_bare[ROUNDS];
    _cleanup_free_ char *name = str_printf("%sbench", getenv("COI_CONTAINER_PREFIX"));
    const struct how how = {.uid = 0, .gid = 0, .cwd = bench_folder};
    _cleanup_json_ json_t *body = bench_bare_body(&how, name, NULL);
    berth_run(); /* the first one unpacks the image */
    for (int i = 0; i < ROUNDS; i++) {
        double ours = berth_run();
        to_incus[i] = ours / incus_run(name);
        to_bare[i] = ours / bench_bare_run("/1.0/instances", name, body);
    }
    bench_verdict("berth run / incus launch+exec+delete", bench_median(to_incus, ROUNDS), "", 0.40);
    bench_verdict("berth run / bare API", bench_median(to_bare, ROUNDS), "", 1.15);
}

/* What the guard adds to a launch: a repository against a workspace with nothing in it, and 100,000 files.
 */
static void test_guard(void **state) {
    (void)state;
    double ratio[ROUNDS], many[ROUNDS];
    _cleanup_free_ char *repository = new_folder("", 1001, 1001), *large = new_folder("", 1001, 1001),
                        *line = str_printf(
                            "cd '%s' && git init -q . && cp -r .git '%s' && cd '%s' && mkdir f && "
                            "cd f && seq 100000 | xargs touch; chown -R 1001:1001 '%s' '%s'",
                            repository, large, large, repository, large);
    char *plain[] = {getenv("BERTH"), "run", "-q", "--", "true", NULL};
    char *guarded[] = {getenv("BERTH"), "run", "-q", "-w", repository, "--", "true", NULL};
    char *files[] = {getenv("BERTH"), "run", "-q", "-w", large, "--", "true", NULL};
    _result_ made = shell_line(&(struct how){0}, line);
    assert_status(made, 0);
    for (int i = 0; i < ROUNDS; i++) {
        double without = bench_cost(plain).seconds;
        assert_no_containers();
        double with = bench_cost(guarded).seconds;
        assert_no_containers();
        ratio[i] = with / without;
        many[i] = bench_cost(files).seconds / with;
        assert_no_containers();
    }
    bench_verdict("run in a repository / in an empty workspace", bench_median(ratio, ROUNDS), "", 1.05);
    bench_verdict("the same with 100,000 files / with few", bench_median(many, ROUNDS), "", 1.05);
}

/* What the rules of a network add to a launch, once the network is there. */
static void test_network(void **state) {
    (void)state;
    double ratio[ROUNDS];
    char *restricted[] = {getenv("BERTH"), "run", "-q", "--", "true", NULL},
         *open[] = {getenv("BERTH"), "run", "-q", "--network", "open", "--", "true", NULL};
    berth_run();
    for (int i = 0; i < ROUNDS; i++) {
        double ours = bench_cost(restricted).seconds;
        assert_no_containers();
        ratio[i] = ours / bench_cost(open).seconds;
        assert_no_containers();
    }
    bench_verdict("run in a restricted network / in an open one", bench_median(ratio, ROUNDS), "", 1.05);
}

/* A dry run ends with the last question before the first change: what berth itself costs. */
static void test_start(void **state) {
    (void)state;
    double cpu[ROUNDS];
    char *argv[] = {getenv("BERTH"), "run", "--dry-run", "--", "true", NULL};
    for (int i = 0; i < ROUNDS; i++)
        cpu[i] = bench_cost(argv).cpu;
    bench_verdict("CPU of berth up to the plan", bench_median(cpu, ROUNDS) * 1000, " ms", 10);
}

static void make_instances(void) {
    for (int i = 0; i < INSTANCES; i++) {
        _cleanup_(error_done) struct error err = {0};
        _cleanup_free_ char *name = str_printf("%s%08x-1", getenv("COI_CONTAINER_PREFIX"), (unsigned int)i);
        _cleanup_json_ json_t *body = json_pack("{s:s, s:{s:s, s:s}}", "name", name, "source", "type",
                                                "image", "alias", "berth-small");
        if (!operation_run(daemon_client(), "POST", "/1.0/instances", body, NULL, NULL, NULL, &err))
            fail_msg("%s", err.message);
    }
}

static void test_list(void **state) {
    (void)state;
    double ratio[ROUNDS], peak[ROUNDS], cpu[ROUNDS];
    char *mine[] = {getenv("BERTH"), "list", NULL}, *theirs[] = {"incus", "list", NULL};
    make_instances();
    for (int i = 0; i < ROUNDS; i++) {
        struct bench_cost cost = bench_cost(mine);
        cpu[i] = cost.cpu * 1000;
        peak[i] = (double)cost.peak_kb / 1024;
        ratio[i] = cost.seconds / bench_cost(theirs).seconds;
    }
    print_message("# berth list at %d instances: CPU %.1f ms\n", INSTANCES, bench_median(cpu, ROUNDS));
    bench_verdict("berth list / incus list", bench_median(ratio, ROUNDS), "", 0.8);
    bench_verdict("peak memory of berth list", bench_median(peak, ROUNDS), " MB", 12);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run),   cmocka_unit_test(test_guard), cmocka_unit_test(test_network),
        cmocka_unit_test(test_start), cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
