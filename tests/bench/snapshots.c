/* What a branch of a session costs, with a gigabyte written in it, and a recipe in which nothing has
 * changed. */
#include "tests/harness/bench.h"

#include <string.h>

#define ROUNDS 9

/* The names of the branches that were made are not known: all but the first slot's go. */
static void remove_branches(const char *kept) {
    _cleanup_free_ char *all = containers();
    char *rest = all;
    for (char *name; (name = strsep(&rest, "\n"));) {
        char *argv[] = {getenv("BERTH"), "kill", "-q", "--force", name, NULL};
        if (*name && !str_equal(name, kept))
            bench_cost(argv);
    }
}

static void test_branch(void **state) {
    (void)state;
    double branch[ROUNDS], ratio[ROUNDS];
    char *berth = getenv("BERTH"), *first[] = {berth, "shell", "-q", "--background", NULL};
    bench_cost(first);
    _cleanup_free_ char *all = containers(), *name = str_copy_n(all, strcspn(all, "\n"));
    char *fill[] = {berth, "container", "exec", name,
                    "--",  "sh",        "-c",   "head -c 1000000000 /dev/urandom >/root/big && sync",
                    NULL},
         *take[] = {berth, "snapshot", "create", "-q", name, "full", NULL},
         *make[] = {berth, "snapshot", "branch", "-q", name, "full", "--background", NULL};
    bench_cost(fill);
    bench_cost(take);
    for (int i = 0; i < ROUNDS; i++) {
        branch[i] = bench_cost(make).seconds;
        remove_branches(name);
        char *fresh[] = {berth, "shell", "-q", "--background", NULL};
        ratio[i] = branch[i] / bench_cost(fresh).seconds;
        remove_branches(name);
    }
    bench_verdict("snapshot branch, 1 GB written / a new session", bench_median(ratio, ROUNDS), "", 1.3);
    bench_verdict("snapshot branch, 1 GB written", bench_median(branch, ROUNDS), " s", 0.5);
    remove_containers();
}

static void test_unchanged(void **state) {
    (void)state;
    double cost[ROUNDS];
    _cleanup_free_ char *recipe = str_printf("%s/r.ini", bench_folder);
    char *build[] = {getenv("BERTH"), "build", "-q", "bench-built", "--file", recipe, NULL};
    write_file(recipe, 0644, "[image]\nbase = berth-small\nrun = true\n");
    bench_cost(build);
    for (int i = 0; i < ROUNDS; i++)
        cost[i] = bench_cost(build).seconds * 1000;
    _result_ removed = incus_command("image", "delete", "bench-built", NULL);
    bench_verdict("build of an unchanged recipe", bench_median(cost, ROUNDS), " ms", 50);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_branch), cmocka_unit_test(test_unchanged)};
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
