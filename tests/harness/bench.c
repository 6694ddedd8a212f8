#include "tests/harness/bench.h"

#include "incus/exec.h"
#include "incus/instance.h"
#include "incus/operation.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

char *bench_folder;

int bench_setup(void **state) {
    group_setup(state);
    bench_folder = new_folder("", 1001, 1001);
    return 0;
}

int bench_teardown(void **state) {
    free(bench_folder);
    return group_teardown(state);
}

double bench_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

struct bench_cost bench_cost(char *const *argv) {
    double begin = bench_now();
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        if (chdir(bench_folder) == 0)
            execvp(argv[0], argv);
        _exit(99);
    }
    struct rusage usage;
    int status = 0;
    assert_int_equal(wait4(pid, &status, 0, &usage), pid);
    assert_int_equal(status, 0);
    return (struct bench_cost){bench_now() - begin,
                               (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                   (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                               usage.ru_maxrss};
}

void bench_at_once(int count, void (*work)(int number)) {
    _cleanup_free_ pid_t *pids = mem_new((size_t)count * sizeof *pids);
    for (int i = 0; i < count; i++)
        if ((pids[i] = fork()) == 0) {
            work(i);
            _exit(0);
        }
    for (int i = 0; i < count; i++) {
        int status = 1;
        waitpid(pids[i], &status, 0);
        assert_int_equal(status, 0);
    }
}

static int by_value(const void *a, const void *b) {
    double first = *(const double *)a, second = *(const double *)b;
    return first < second ? -1 : first > second;
}

double bench_median(double *values, size_t count) {
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

void bench_verdict(const char *what, double value, const char *unit, double limit) {
    print_message("# %s: %.3f%s (limit %.2f)\n", what, value, unit, limit);
    if (value > limit)
        fail_msg("%s: %.3f%s is above %.2f", what, value, unit, limit);
}

static void finished(void *data, int status, struct error *err) {
    assert_int_equal(err->class, ERROR_NONE);
    assert_int_equal(status, 0);
    *(bool *)data = true;
}

static void no_output(void *data, int stream, const void *bytes, size_t size) {
    (void)data, (void)stream, (void)bytes, (void)size;
}

json_t *bench_bare_body(const struct how *how, const char *name, const char *workspace) {
    _result_ result = berth(how, "-w", workspace ? workspace : ".", "run", "--dry-run", "--", "true", NULL);
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *plan = json_parse(result.out, strlen(result.out), "the plan", &err);
    assert_non_null(plan);
    return json_pack("{s:s, s:{s:s, s:s}, s:b, s:b, s:O, s:O}", "name", name, "source", "type", "image",
                     "alias", "coi", "ephemeral", 1, "start", 1, "config", json_at(plan, "config"),
                     "devices", json_at(plan, "devices"));
}

double bench_bare_run(const char *path, const char *name, const json_t *body) {
    static char *const command[] = {"true", NULL};
    static const struct exec_handler handler = {.output = no_output, .finished = finished};
    struct exec_request request = {.command = command, .uid = 1000, .gid = 1000};
    _cleanup_(error_done) struct error err = {0};
    bool done = false;
    double begin = bench_now();
    assert_true(operation_run(daemon_client(), "POST", path, body, NULL, NULL, NULL, &err));
    struct exec *exec = exec_start(daemon_client(), name, &request, &handler, &done);
    exec_release(exec);
    exec_end_input(exec);
    assert_true(loop_run(daemon_loop(), &done, &err));
    double seconds = bench_now() - begin;
    exec_free(exec);
    assert_true(instance_change(daemon_client(), name, "stop", true, -1, &err));
    assert_no_containers();
    return seconds;
}

double bench_until(struct terminal *terminal, const char *text, double begin) {
    while (terminal_find(terminal, text, NULL) < 0 && bench_now() - begin < 10)
        terminal_read(terminal, 1);
    double seconds = bench_now() - begin;
    terminal_expect(terminal, text); /* shows what is there instead */
    return seconds;
}

long bench_status(const struct terminal *terminal, const char *key) {
    _cleanup_free_ char *path = str_printf("/proc/%d/status", (int)terminal->pid);
    _cleanup_fclose_ FILE *file = fopen(path, "r");
    char line[256];
    long number = -1;
    while (file && fgets(line, sizeof line, file))
        if (str_starts(line, key))
            number = strtol(line + strlen(key), NULL, 10);
    return number;
}
