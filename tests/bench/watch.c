/*
 * What watching costs: at rest, against polling as others do, at a change, in a flood; and that what is
 * watched is not slowed.
 */
#include "incus/operation.h"
#include "tests/harness/bench.h"
#include "tests/harness/world.h"

#include <dirent.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WATCHED 10
#define REST_S  30
#define MANY    50
#define ROWS    1000

static char *names[MANY];
static int made;

static int setup(void **state) {
    group_setup(state);
    world_open();
    return 0;
}

static int teardown(void **state) {
    for (int i = 0; i < made; i++)
        free(names[i]);
    world_close();
    return group_teardown(state);
}

static void sessions_until(int count) {
    for (; made < count; made++) {
        _cleanup_free_ char *folder = str_printf("work/s%02d", made);
        names[made] = world_session(folder);
    }
}

/* Seconds of CPU that the threads of a process have had: proc(5), schedstat. */
static double cpu_of(int pid) {
    _cleanup_free_ char *path = str_printf("/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    double seconds = 0;
    assert_non_null(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks));) {
        _cleanup_free_ char *file = str_printf("%s/%s/schedstat", path, entry->d_name);
        _cleanup_fclose_ FILE *in = fopen(file, "r");
        unsigned long long nanoseconds = 0;
        if (in && fscanf(in, "%llu", &nanoseconds) == 1)
            seconds += (double)nanoseconds / 1e9;
    }
    closedir(tasks);
    return seconds;
}

static int daemon_pid(void) {
    _cleanup_free_ char *file = str_printf("%s/incusd.pid", getenv("BERTH_DEV_DIR"));
    _cleanup_fclose_ FILE *in = fopen(file, "r");
    int pid = 0;
    assert_true(in && fscanf(in, "%d", &pid) == 1);
    return pid;
}

/* Of the machine, all that is not idle: the daemon's helpers are in it, and the kernel's work. */
static double machine_cpu(void) {
    long value[8] = {0};
    _cleanup_fclose_ FILE *file = fopen("/proc/stat", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "cpu %ld %ld %ld %ld %ld %ld %ld %ld", &value[0], &value[1], &value[2],
                            &value[3], &value[4], &value[5], &value[6], &value[7]),
                     8);
    return (double)(value[0] + value[1] + value[2] + value[5] + value[6]) / (double)sysconf(_SC_CLK_TCK);
}

/* The daemon is asked: where a container's cgroup lies depends on the machine. */
static double containers_cpu(void) {
    double seconds = 0;
    for (int i = 0; i < made; i++) {
        _cleanup_free_ char *path = str_printf("/1.0/instances/%s/state", names[i]);
        _result_ state = incus_command("query", path, NULL);
        _cleanup_(error_done) struct error err = {0};
        _cleanup_json_ json_t *json = json_parse(state.out, state.out_size, "the state", &err);
        seconds += (double)json_int_at(json, "cpu.usage") / 1e9;
    }
    return seconds;
}

struct cpu {
    double berth, daemon, containers;
};

/* What the asking costs the daemon is in neither of two such values. */
static struct cpu cpu_before(int pid) {
    double containers = containers_cpu();
    return (struct cpu){cpu_of(pid), cpu_of(daemon_pid()), containers};
}

static struct cpu cpu_since(int pid, struct cpu before) {
    double berth = cpu_of(pid) - before.berth, daemon = cpu_of(daemon_pid()) - before.daemon;
    return (struct cpu){berth, daemon, containers_cpu() - before.containers};
}

static void leave(struct terminal *terminal) {
    terminal_type(terminal, "q");
    assert_int_equal(terminal_close_restored(terminal), 0);
}

static void open_watching(struct terminal *terminal, int count) {
    _cleanup_free_ char *running = str_printf("%d running", count);
    world_screen(terminal, 120, 40);
    terminal_expect(terminal, running);
    for (int i = 0; i < 200 && terminal_find(terminal, "● run ", NULL) >= 0; i++)
        terminal_read(terminal, 100);
    terminal_read(terminal, 4000);
}

/* What others do: each session is asked for what it shows, twice a second. */
static double polling(int rounds) {
    double begin = machine_cpu();
    for (int round = 0; round < rounds; round++) {
        double until = bench_now() + 0.5;
        pid_t pids[WATCHED];
        for (int i = 0; i < WATCHED; i++) {
            if ((pids[i] = fork()) != 0)
                continue;
            _cleanup_free_ char *target = str_printf("coi-%s", names[i]);
            if (!freopen("/dev/null", "w", stdout))
                _exit(1);
            execlp("incus", "incus", "exec", "--user", "1000", names[i], "--", "tmux", "capture-pane", "-p",
                   "-t", target, NULL);
            _exit(1);
        }
        for (int i = 0; i < WATCHED; i++)
            waitpid(pids[i], NULL, 0);
        while (bench_now() < until)
            usleep(10000);
    }
    return machine_cpu() - begin;
}

static void test_rest(void **state) {
    (void)state;
    struct terminal terminal;
    sessions_until(WATCHED);
    open_watching(&terminal, WATCHED);
    struct cpu before = cpu_before(terminal.pid);
    double machine = machine_cpu(), begin = bench_now();
    terminal_read(&terminal, REST_S * 1000);
    double seconds = bench_now() - begin, watching = machine_cpu() - machine;
    struct cpu used = cpu_since(terminal.pid, before);
    leave(&terminal);
    usleep(1000000);
    machine = machine_cpu();
    begin = bench_now();
    usleep(REST_S * 1000000);
    double idle = machine_cpu() - machine;
    double polled = polling(20) / 10; /* for a second */
    print_message(
        "# the machine: %.2f s of CPU in %d s watched, %.2f s unwatched; polling %.2f s each second\n",
        watching, REST_S, idle, polled);
    bench_verdict("berth, ten watched at rest", used.berth / seconds * 100, " % of a core", 0.2);
    bench_verdict("daemon and containers, ten watched at rest",
                  (used.daemon + used.containers) / seconds * 100, " % of a core", 1.0);
    double ours = (used.berth + used.daemon + used.containers) / seconds;
    bench_verdict("watching / polling twice a second", ours / polled, "", 0.02);
}

/* From the echo inside to the screen. */
static void test_change(void **state) {
    (void)state;
    struct terminal terminal;
    double delay[15];
    sessions_until(1);
    open_watching(&terminal, made);
    terminal_type(&terminal, "g2");
    terminal_expect(&terminal, "/workspace$");
    _cleanup_free_ char *file = str_printf("%s/work/s00/now", world.home);
    _result_ loop =
        berth(&world.how, "tmux", "send", names[0],
              "clear; for i in $(seq 100 130); do sleep 0.7; date +%s.%N >now; echo mark $i; done", NULL);
    assert_status(loop, 0);
    for (size_t i = 0; i < array_length(delay); i++) {
        _cleanup_free_ char *mark = str_printf("mark %zu", 101 + i);
        while (terminal_find(&terminal, mark, NULL) < 0)
            terminal_read(&terminal, 1);
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        _cleanup_free_ char *then = read_file(file);
        delay[i] = ((double)now.tv_sec + (double)now.tv_nsec / 1e9 - strtod(then, NULL)) * 1000;
    }
    leave(&terminal);
    bench_verdict("a change inside is on the screen", bench_median(delay, array_length(delay)), " ms", 50);
}

/* A bell in a session that is not looked at: to the header, and from the key to its terminal. */
static void test_bell(void **state) {
    (void)state;
    struct terminal terminal;
    double seen[9], jumped[9];
    sessions_until(3);
    open_watching(&terminal, made);
    _cleanup_free_ char *file = str_printf("%s/work/s02/now", world.home);
    for (size_t i = 0; i < array_length(seen); i++) {
        terminal_type(&terminal, "1g");
        terminal_read(&terminal, 500);
        _cleanup_free_ char *line =
            str_printf("clear; sleep 0.5; date +%%s.%%N >now; printf 'round %zu\\a'; sleep 100", i);
        _result_ sent = berth(&world.how, "tmux", "send", names[2], line, NULL);
        assert_status(sent, 0);
        while (terminal_find(&terminal, "1 wants you", NULL) < 0)
            terminal_read(&terminal, 1);
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        _cleanup_free_ char *then = read_file(file), *round = str_printf("round %zu", i);
        seen[i] = ((double)now.tv_sec + (double)now.tv_nsec / 1e9 - strtod(then, NULL)) * 1000;
        double begin = bench_now();
        terminal_type(&terminal, "A");
        while (terminal_find(&terminal, round, NULL) < 0)
            terminal_read(&terminal, 1);
        jumped[i] = (bench_now() - begin) * 1000;
        _result_ interrupted =
            incus_command("exec", "--user", "1000", names[2], "--", "pkill", "sleep", NULL);
        terminal_read(&terminal, 500);
    }
    leave(&terminal);
    bench_verdict("a bell is in the header", bench_median(seen, array_length(seen)), " ms", 100);
    bench_verdict("gone to", bench_median(jumped, array_length(jumped)), " ms", 100);
}

static double key_ms(struct terminal *terminal, int times) {
    double all = 0;
    for (int i = 0; i < times; i++) {
        size_t from = terminal->raw.size;
        double begin = bench_now();
        terminal_type(terminal, i % 2 ? "k" : "j");
        while (terminal->raw.size == from)
            terminal_read(terminal, 1);
        all += bench_now() - begin;
        terminal_read(terminal, 150);
    }
    return all / times * 1000;
}

static void test_flood(void **state) {
    (void)state;
    struct terminal terminal;
    sessions_until(2);
    open_watching(&terminal, made);
    terminal_type(&terminal, "g1");
    double rest = key_ms(&terminal, 10);
    terminal_type(&terminal, "2");
    terminal_expect(&terminal, "/workspace$");
    _result_ yes = berth(&world.how, "tmux", "send", names[0], "yes flood", NULL);
    terminal_expect(&terminal, "flood");
    terminal_read(&terminal, 3000);
    double begin = bench_now(), before = cpu_of(terminal.pid);
    terminal_read(&terminal, 10000);
    double cpu = (cpu_of(terminal.pid) - before) / (bench_now() - begin) * 100;
    double flooding = key_ms(&terminal, 20);
    leave(&terminal);
    _result_ killed = incus_command("exec", "--user", "1000", names[0], "--", "pkill", "yes", NULL);
    print_message("# a key: %.1f ms at rest, %.1f ms in a flood\n", rest, flooding);
    bench_verdict("berth in a flood that it shows", cpu, " % of a core", 15);
    bench_verdict("a key in a flood", flooding, " ms", 5);
}

static void test_not_slowed(void **state) {
    (void)state;
    double watched[9], stopped[9];
    sessions_until(1);
    world_flood(names[0], 6000000);
    for (size_t i = 0; i < array_length(watched); i++) {
        double alone = world_flood(names[0], 6000000);
        struct terminal terminal;
        open_watching(&terminal, made);
        terminal_type(&terminal, "g2");
        terminal_read(&terminal, 500);
        kill(terminal.pid, SIGSTOP);
        stopped[i] = world_flood(names[0], 6000000);
        kill(terminal.pid, SIGCONT);
        terminal_read(&terminal, 3000);
        watched[i] = world_flood(names[0], 6000000);
        leave(&terminal);
        alone = (alone + world_flood(names[0], 6000000)) / 2;
        stopped[i] /= alone;
        watched[i] /= alone;
    }
    bench_verdict("a flood that is watched / alone", bench_median(watched, array_length(watched)), "",
                  1.05);
    bench_verdict("the same, the watcher stopped", bench_median(stopped, array_length(stopped)), "", 1.05);
}

static long peak_kb(const struct terminal *terminal, const char *key) {
    _cleanup_free_ char *path = str_printf("/proc/%d/status", (int)terminal->pid), *text = read_file(path);
    const char *line = strstr(text, key);
    return line ? strtol(line + strlen(key), NULL, 10) : -1;
}

/* A thousand rows, of which fifty are watched. */
static void test_memory(void **state) {
    (void)state;
    struct terminal terminal;
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "running");
    terminal_read(&terminal, 3000);
    long few = peak_kb(&terminal, "VmRSS:");
    int before = made;
    leave(&terminal);
    sessions_until(MANY);
    open_watching(&terminal, MANY);
    long many = peak_kb(&terminal, "VmRSS:");
    leave(&terminal);
    bench_verdict("memory for each watched session", (double)(many - few) / (MANY - before), " kB", 300);
    for (int i = MANY; i < ROWS; i++) {
        _cleanup_(error_done) struct error err = {0};
        _cleanup_free_ char *name = str_printf("%s%08x-1", getenv("COI_CONTAINER_PREFIX"), (unsigned int)i);
        _cleanup_json_ json_t *body = json_pack("{s:s, s:{s:s, s:s}}", "name", name, "source", "type",
                                                "image", "alias", "berth-small");
        if (!operation_run(daemon_client(), "POST", "/1.0/instances", body, NULL, NULL, NULL, &err))
            fail_msg("%s", err.message);
    }
    world_screen(&terminal, 120, 40);
    terminal_expect(&terminal, "1000 sessions");
    terminal_read(&terminal, 12000);
    long peak = peak_kb(&terminal, "VmHWM:");
    leave(&terminal);
    bench_verdict("peak memory at 1000 rows, 50 watched", (double)peak / 1024, " MB", 40);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_change), cmocka_unit_test(test_bell), cmocka_unit_test(test_not_slowed),
        cmocka_unit_test(test_flood),  cmocka_unit_test(test_rest), cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
