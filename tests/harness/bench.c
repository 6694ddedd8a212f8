#include "tests/harness/bench.h"

#include <fcntl.h>
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
