/*
 * What sessions cost beyond their launch: a background shell against the incus command, ending many at
 * once against one by one, and the commands that scripts and completion call often.
 */
#include "incus/operation.h"
#include "tests/harness/bench.h"
#include "workspace/name.h"

#include <string.h>

#define ROUNDS 15
#define MANY   20

static double berth_shell(void) {
    char *argv[] = {getenv("BERTH"), "shell", "-q", "--background", NULL};
    double seconds = bench_cost(argv).seconds;
    remove_containers();
    return seconds;
}

static double incus_shell(const char *name) {
    char *launch[] = {"incus", "launch", "-q", "coi", (char *)name, NULL};
    char *exec[] = {"incus", "exec", (char *)name, "--user", "1000", "--", "tmux", "new", "-d", NULL};
    double seconds = bench_cost(launch).seconds + bench_cost(exec).seconds;
    remove_containers();
    return seconds;
}

static void test_shell(void **state) {
    (void)state;
    double ratio[ROUNDS];
    _cleanup_free_ char *name = str_printf("%sbench", getenv("COI_CONTAINER_PREFIX"));
    berth_shell(); /* the first one unpacks the image */
    for (int i = 0; i < ROUNDS; i++)
        ratio[i] = berth_shell() / incus_shell(name);
    bench_verdict("berth shell --background / incus launch+exec tmux", bench_median(ratio, ROUNDS), "",
                  0.9);
}

static void make_many(struct strings *names) {
    for (unsigned int i = 0; i < MANY; i++) {
        _cleanup_(error_done) struct error err = {0};
        strings_printf(names, "%s%08x-1", getenv("COI_CONTAINER_PREFIX"), i);
        _cleanup_json_ json_t *body =
            json_pack("{s:s, s:{s:s, s:s}, s:b}", "name", names->items[i], "source", "type", "image",
                      "alias", "berth-small", "start", 1);
        if (!operation_run(daemon_client(), "POST", "/1.0/instances", body, NULL, NULL, NULL, &err))
            fail_msg("%s", err.message);
    }
}

static void test_kill_all(void **state) {
    (void)state;
    double ratio[3];
    char *all[] = {getenv("BERTH"), "kill", "-q", "--all", "--force", NULL};
    for (size_t i = 0; i < array_length(ratio); i++) {
        _cleanup_(strings_done) struct strings first = {0}, second = {0};
        make_many(&first);
        double together = bench_cost(all).seconds, singly = 0;
        assert_no_containers();
        make_many(&second);
        for (size_t n = 0; n < second.count; n++) {
            char *one[] = {getenv("BERTH"), "kill", "-q", "--force", second.items[n], NULL};
            singly += bench_cost(one).seconds;
        }
        ratio[i] = together / singly;
    }
    bench_verdict("kill --all of 20 / 20 kills", bench_median(ratio, array_length(ratio)), "", 0.4);
}

static void check_cpu(const char *what, char *const *argv) {
    double cpu[ROUNDS];
    for (int i = 0; i < ROUNDS; i++)
        cpu[i] = bench_cost(argv).cpu * 1000;
    _cleanup_free_ char *words = str_printf("CPU of %s", what);
    bench_verdict(words, bench_median(cpu, ROUNDS), " ms", 10);
}

static void test_cpu(void **state) {
    (void)state;
    _cleanup_(strings_done) struct strings names = {0};
    make_many(&names);
    char *berth = getenv("BERTH");
    char *list[] = {berth, "list", NULL}, *exists[] = {berth, "container", "exists", names.items[0], NULL},
         *words[] = {berth, "completion", "words", "--", "kill", "t", NULL};
    check_cpu("list", list);
    check_cpu("container exists", exists);
    check_cpu("completion", words);
    double cpu[MANY];
    for (size_t i = 0; i < MANY; i++) {
        char *one[] = {berth, "kill", "-q", "--force", names.items[i], NULL};
        cpu[i] = bench_cost(one).cpu * 1000;
    }
    bench_verdict("CPU of kill", bench_median(cpu, MANY), " ms", 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shell),
        cmocka_unit_test(test_kill_all),
        cmocka_unit_test(test_cpu),
    };
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
