/*
 * Many runs at one time in one workspace, as a build tool starts them: each runs once, nothing is left, and
 * it takes little longer than the daemon needs for the same.
 */
#include "base/task.h"
#include "incus/exec.h"
#include "incus/instance.h"
#include "incus/operation.h"
#include "tests/harness/bench.h"

#include <string.h>

#define AT_ONCE 20
#define EACH    10

/* One of the twenty: its runs one after the other, each leaving a file of its own name's first line twice
 * if it ran twice. */
static void work(int number) {
    int bad = 0;
    for (int i = 0; i < EACH; i++) {
        _cleanup_free_ char *command = str_printf("echo ran >> /workspace/ran-%d-%d", number, i);
        _result_ result = berth(&(struct how){.uid = 1001, .gid = 1001, .cwd = bench_folder}, "run", "-q",
                                "--image", "berth-small", "--", "sh", "-c", command, NULL);
        if (result.status)
            fprintf(stderr, "run %d-%d: status %d: %s\n", number, i, result.status, result.err);
        bad += result.status != 0;
    }
    _exit(bad ? 1 : 0);
}

static double berth_runs(void) {
    double begin = bench_now();
    bench_at_once(AT_ONCE, work);
    assert_no_containers();
    return bench_now() - begin;
}

static void check_ran_once(void) {
    for (int i = 0; i < AT_ONCE; i++)
        for (int j = 0; j < EACH; j++) {
            _cleanup_free_ char *path = str_printf("%s/ran-%d-%d", bench_folder, i, j);
            char text[32] = "";
            FILE *file = fopen(path, "r");
            assert_non_null(file);
            size_t got = fread(text, 1, sizeof text - 1, file);
            fclose(file);
            text[got] = 0;
            assert_string_equal(text, "ran\n");
        }
}

static void no_output(void *data, int stream, const void *bytes, size_t size) {
    (void)data, (void)stream, (void)bytes, (void)size;
}

static void finished(void *data, int status, struct error *err) {
    assert_int_equal(err->class, ERROR_NONE);
    assert_int_equal(status, 0);
    *(bool *)data = true;
}

/* The calls of one run, and nothing else. */
static void bare_run(const json_t *config, const json_t *devices, const char *name) {
    static char *const command[] = {"sh", "-c", "echo ran", NULL};
    static const struct exec_handler handler = {.output = no_output, .finished = finished};
    struct exec_request request = {.command = command, .uid = 1000, .gid = 1000};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *body = json_pack(
        "{s:s, s:{s:s, s:s, s:s}, s:b, s:b, s:O, s:O}", "name", name, "source", "type", "image", "alias",
        "berth-small", "mode", "pull", "ephemeral", 1, "start", 1, "config", config, "devices", devices);
    bool done = false;
    assert_true(operation_run(daemon_client(), "POST", "/1.0/instances", body, NULL, NULL, NULL, &err));
    struct exec *exec = exec_start(daemon_client(), name, &request, &handler, &done);
    exec_release(exec);
    exec_end_input(exec);
    assert_true(loop_run(daemon_loop(), &done, &err));
    exec_free(exec);
    assert_true(instance_ask(daemon_client(), name, "stop", true, NULL, &err));
}

struct flow {
    int number;
    const json_t *plan;
    int *left;
    bool *all_done;
};

static void flow_task(void *data) {
    const struct flow *flow = data;
    for (int i = 0; i < EACH; i++) {
        _cleanup_free_ char *name =
            str_printf("%sbare-%d-%d", getenv("COI_CONTAINER_PREFIX"), flow->number, i);
        bare_run(json_at(flow->plan, "config"), json_at(flow->plan, "devices"), name);
    }
    *flow->all_done = --*flow->left == 0;
}

static double bare_runs(const json_t *plan) {
    struct flow flows[AT_ONCE];
    int left = AT_ONCE;
    bool all_done = false;
    _cleanup_(error_done) struct error err = {0};
    double begin = bench_now();
    for (int i = 0; i < AT_ONCE; i++) {
        flows[i] = (struct flow){i, plan, &left, &all_done};
        (void)task_start(daemon_loop(), flow_task, &flows[i]);
    }
    assert_true(loop_run(daemon_loop(), &all_done, &err));
    assert_no_containers();
    return bench_now() - begin;
}

static void test_parallel(void **state) {
    (void)state;
    struct how how = {.uid = 1001, .gid = 1001, .cwd = bench_folder};
    _result_ dry = berth(&how, "run", "--image", "berth-small", "--dry-run", "--", "true", NULL);
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *plan = json_parse(dry.out, strlen(dry.out), "the plan", &err);
    assert_non_null(plan);
    double ratios[2];
    for (int i = 0; i < 2; i++) {
        double bare = bare_runs(plan), ours = berth_runs();
        print_message("# 200 runs, 20 at a time: berth %.1f s, bare API %.1f s\n", ours, bare);
        ratios[i] = ours / bare;
        check_ran_once();
        _cleanup_free_ char *remove = str_printf("rm -f '%s'/ran-*", bench_folder);
        assert_int_equal(system(remove), 0);
    }
    bench_verdict("200 runs at 20 / bare API", (ratios[0] + ratios[1]) / 2, "", 1.3);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parallel)};
    return cmocka_run_group_tests(tests, bench_setup, bench_teardown);
}
