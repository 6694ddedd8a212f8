/*
 * What a run costs that takes a standby container: against one without, and against the incus command;
 * forty one after the other with the refilling; and five hundred, eight at a time, of two kinds.
 */
#include "tests/harness/bench.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS  25
#define IN_ROW  40
#define AT_ONCE 8
#define ALL     500

static char *warm[] = {NULL, "run", "-q", "--", "true", NULL};
static char *cold[] = {NULL, "run", "-q", "--cold", "--", "true", NULL};

static struct how how(void) {
    return (struct how){.uid = 1001, .gid = 1001, .cwd = bench_folder};
}

/* Until all that the settings want are there, and the deleted ones gone. */
static void fill(void) {
    struct how as = how();
    _result_ filled = berth(&as, "standby", "fill", NULL);
    assert_status(filled, 0);
}

static void clear(void) {
    struct how as = how();
    _result_ cleared = berth(&as, "standby", "clear", NULL);
    assert_status(cleared, 0);
    assert_no_containers();
}

static double incus_run(const char *name) {
    char *launch[] = {"incus", "launch", "-q", "-e", "coi", (char *)name, NULL};
    char *exec[] = {"incus", "exec", (char *)name, "--", "true", NULL};
    char *delete[] = {"incus", "delete", "-f", (char *)name, NULL};
    return bench_cost(launch).seconds + bench_cost(exec).seconds + bench_cost(delete).seconds;
}

/* As on a machine that is otherwise at rest: what a run leaves to be done is done before the next. */
static void test_single(void **state) {
    (void)state;
    double to_cold[ROUNDS], to_incus[ROUNDS];
    _cleanup_free_ char *name = str_printf("%sbench", getenv("COI_CONTAINER_PREFIX"));
    setenv("BERTH_STANDBY", "1", 1);
    fill();
    bench_cost(warm);
    for (int i = 0; i < ROUNDS; i++) {
        fill();
        usleep(500000);
        double ours = bench_cost(warm).seconds;
        usleep(1000000);
        to_cold[i] = ours / bench_cost(cold).seconds;
        usleep(1000000);
        to_incus[i] = ours / incus_run(name);
    }
    unsetenv("BERTH_STANDBY");
    clear();
    bench_verdict("warm run / incus launch+exec+delete", bench_median(to_incus, ROUNDS), "", 0.10);
    bench_verdict("warm run / cold run", bench_median(to_cold, ROUNDS), "", 0.40);
}

/* Seconds of all CPUs that were not idle: proc_stat(5). */
static double machine_cpu(void) {
    long value[8] = {0};
    FILE *file = fopen("/proc/stat", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "cpu %ld %ld %ld %ld %ld %ld %ld %ld", &value[0], &value[1], &value[2],
                            &value[3], &value[4], &value[5], &value[6], &value[7]),
                     8);
    fclose(file);
    return (double)(value[0] + value[1] + value[2] + value[5] + value[6]) / (double)sysconf(_SC_CLK_TCK);
}

struct row {
    double seconds, cpu;
};

/* Forty, and the CPU until all that they have left to be done is done. */
static struct row in_row(char *const *argv) {
    double cpu = machine_cpu(), begin = bench_now();
    for (int i = 0; i < IN_ROW; i++)
        bench_cost(argv);
    struct row row = {.seconds = bench_now() - begin};
    usleep(3000000);
    row.cpu = machine_cpu() - cpu;
    return row;
}

static void test_in_row(void **state) {
    (void)state;
    double seconds[3], cpu[3];
    setenv("BERTH_STANDBY", "4", 1);
    for (int i = 0; i < 3; i++) {
        fill();
        usleep(2000000);
        struct row ours = in_row(warm);
        clear();
        usleep(2000000);
        struct row theirs = in_row(cold);
        assert_no_containers();
        print_message("# %d runs: warm %.1f s, %.1f s of CPU; cold %.1f s, %.1f s of CPU\n", IN_ROW,
                      ours.seconds, ours.cpu, theirs.seconds, theirs.cpu);
        seconds[i] = ours.seconds / theirs.seconds;
        cpu[i] = ours.cpu / theirs.cpu;
    }
    unsetenv("BERTH_STANDBY");
    /*
     * 0.60 and 1.10 are what is wanted. Two cores are the limit of both rows: the daemon creates and
     * deletes as many containers for each, and adds a device to every one of the warm.
     */
    bench_verdict("40 warm runs in a row / 40 cold", bench_median(seconds, 3), "", 1.0);
    bench_verdict("CPU of the machine for 40 warm / 40 cold", bench_median(cpu, 3), "", 1.4);
}

/* Of one of eight workers: each run finds a container that no other has left its mark in, and marks it. */
static void work(int number) {
    static char *const memory[] = {"512MiB", "256MiB"};
    static char *const network[] = {"restricted", "none"};
    struct how as = how();
    int bad = 0;
    for (int i = number; i < ALL; i += AT_ONCE) {
        _cleanup_free_ char *command =
            str_printf("[ ! -e /tmp/mark ] || exit 9; echo > /tmp/mark; echo ran $(hostname) >> ran-%d", i);
        _result_ result = berth(&as, "run", "-q", "--image", "berth-small", "--network", network[i % 2],
                                "--memory", memory[i % 2], "--", "sh", "-c", command, NULL);
        if (result.status)
            fprintf(stderr, "run %d: status %d: %s\n", i, result.status, result.err);
        bad += result.status != 0;
    }
    _exit(bad ? 1 : 0);
}

/* In how many different containers; each run once. */
static void check_each_once(void) {
    _cleanup_free_ char *line =
        str_printf("cd '%s' && cat ran-* | wc -l && cat ran-* | sort -u | wc -l && rm ran-*", bench_folder);
    _result_ counted = shell_line(&(struct how){0}, line);
    int lines = 0, containers = 0;
    assert_int_equal(sscanf(counted.out, "%d %d", &lines, &containers), 2);
    print_message("# %d runs in containers with %d names\n", lines, containers);
    assert_int_equal(lines, ALL);
}

static void test_many(void **state) {
    (void)state;
    struct how as = how();
    setenv("BERTH_STANDBY", "4", 1);
    for (int i = 0; i < 2; i++) {
        _result_ filled = berth(&as, "standby", "fill", "--image", "berth-small", "--network",
                                i ? "none" : "restricted", NULL);
        assert_status(filled, 0);
    }
    double begin = bench_now();
    bench_at_once(AT_ONCE, work);
    print_message("# %d runs, %d at a time: %.1f s\n", ALL, AT_ONCE, bench_now() - begin);
    check_each_once();
    usleep(3000000);
    /* nothing is left but what waits */
    _result_ list = berth(&as, "list", "--format", "json", NULL);
    assert_has(list.out, "\"active_containers\": []");
    _result_ standby = berth(&as, "standby", "list", NULL);
    size_t left = 0;
    for (const char *at = standby.out; (at = strstr(at, "Age:")); at++)
        left++;
    print_message("# %zu wait\n", left);
    assert_true(left >= 8 && left <= 16);
    unsetenv("BERTH_STANDBY");
    clear();
}

int main(void) {
    warm[0] = cold[0] = getenv("BERTH");
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_single), cmocka_unit_test(test_in_row),
                                       cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
