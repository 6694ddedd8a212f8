/*
 * What is left when berth, or the daemon under it, is taken away at any moment: a table, a row for each
 * try. BERTH_FAULTS=full tries every command at many points; without it a few are tried.
 */
#include "launch/open.h"
#include "launch/prepare.h"
#include "launch/standby.h"
#include "tests/harness/terminal.h"
#include "tests/harness/world.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* How long what is left may take to go. */
#define PATIENCE_MS        10000
#define DAEMON_PATIENCE_MS 40000

enum fault { FAULT_KILL, FAULT_TERM, FAULT_HUP, FAULT_STOP_KILL, FAULT_DAEMON, FAULTS };
static const char *const fault_names[] = {"SIGKILL", "SIGTERM", "SIGHUP", "SIGSTOP+KILL", "daemon killed"};

/* A command that is tried. */
struct tried {
    const char *name;
    int longest_ms; /* how long it takes at the most: points are spread over this */
    /* In a child of the test's own: what is to be there before; and the arguments. */
    void (*before)(void);
    const char *argv[12];
    bool terminal;
    /* What of it is left that should not be; "" for nothing. Caller owns. */
    char *(*left)(void);
    void (*after)(void);
};

static bool full(void) {
    return str_equal(getenv("BERTH_FAULTS"), "full");
}

static void sleep_ms(int milliseconds) {
    struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    nanosleep(&time, NULL);
}

/* Without tripping over a daemon that is just coming back. */
static char *names_there(void) {
    _cleanup_(strings_done) struct strings names = {0};
    _cleanup_(error_done) struct error err = {0};
    struct buffer out = {0};
    buffer_text(&out, "");
    _cleanup_json_ json_t *urls = NULL;
    if (!incus_request(daemon_client(), "GET", "/1.0/instances?recursion=0", NULL, &urls, &err)) {
        buffer_text(&out, "(the daemon is away)");
        return out.data;
    }
    size_t index;
    const json_t *url;
    json_array_foreach(urls, index, url) {
        const char *name = strrchr(json_string_value(url), '/') + 1;
        if (str_starts(name, getenv("COI_CONTAINER_PREFIX")))
            buffer_printf(&out, "%s ", name);
    }
    return out.data;
}

static size_t records_found;
static int count_record(const char *path, const struct stat *info, int kind, struct FTW *place) {
    (void)info, (void)kind, (void)place;
    records_found += strstr(path, "/metadata.json") != NULL;
    return 0;
}

static size_t count_records(void) {
    _cleanup_free_ char *base = str_printf("%s/.coi", world.home);
    records_found = 0;
    nftw(base, count_record, 8, FTW_PHYS);
    return records_found;
}

static char *left_of_run(void) {
    _cleanup_free_ char *names = names_there();
    size_t records = count_records();
    return str_printf("%s%s", names, records ? "a record" : "");
}

/*
 * Standby containers may be there; everything else that is, was lost on the way from one to a run. What a
 * daemon that died has left half made the next berth removes, as `clean` does.
 */
static char *left_of_standby(void) {
    _result_ cleaned = berth(&world.how, "clean", NULL);
    _cleanup_free_ char *names = names_there();
    struct buffer left = {0};
    char *rest = names;
    buffer_text(&left, "");
    for (const char *name; (name = strsep(&rest, " "));) {
        _cleanup_(instance_done) struct instance instance = {0};
        _cleanup_(error_done) struct error gone = {0};
        if (*name && (!instance_get(daemon_client(), name, &instance, &gone) ||
                      !standby_is_idle(&instance) || !instance_running(&instance)))
            buffer_printf(&left, "%s ", name);
    }
    return left.data;
}

static void fill_standby(void) {
    world.variables[1] = "BERTH_STANDBY=2";
    _result_ filled = berth(&world.how, "standby", "fill", "--image", "berth-small", NULL);
    assert_status(filled, 0);
}

/* A session is there whole, with its tmux and its record, or nothing of it is. */
static char *left_of_shell(void) {
    _cleanup_free_ char *names = names_there();
    size_t records = count_records();
    if (!*names)
        return str_copy(records ? "a record without a container" : "");
    if (strchr(names, '('))
        return str_copy(names);
    _cleanup_free_ char *name = str_copy_n(names, strcspn(names, " "));
    _result_ tmux = berth(&world.how, "tmux", "capture", name, NULL);
    return tmux.status == 0 && records ? str_copy("")
                                       : str_printf("%swithout %s", names, records ? "tmux" : "a record");
}

static void start_session(void) {
    _cleanup_free_ char *names = names_there();
    if (*names)
        return;
    _result_ started = berth(&world.how, "shell", "--background", "--persistent", NULL);
    assert_status(started, 0);
}

/* The session goes on, and nobody is attached to it. */
static char *left_of_attach(void) {
    _cleanup_free_ char *name = world_slot(1), *line = str_printf("tmux list-clients | wc -l");
    _result_ clients =
        berth(&world.how, "container", "exec", "--user", "1000", name, "--", "sh", "-c", line, NULL);
    return str_equal(clients.out, "0\n") ? str_copy("")
                                         : str_printf("clients: %s%s", clients.out, clients.err);
}

static void make_container(void) {
    _cleanup_free_ char *name = world_container("w", 1, true),
                        *record =
                            world_record("aaaa1111-2222-4333-8444-555555555555", name, world.folder, true);
}

/* It is there and runs as before, or it is gone and its record with it. */
static char *left_of_kill(void) {
    if (world_reapers(0))
        return str_copy("a reaper at work");
    _cleanup_free_ char *names = names_there();
    size_t records = count_records();
    if (!*names)
        return str_copy(records ? "its record" : "");
    _cleanup_free_ char *name = world_slot(1), *status = world_status(name);
    return str_equal(status, "RUNNING") && records ? str_copy("") : str_printf("%s%s", names, status);
}

static char *pushed_file, *push_target;

static void make_file(void) {
    make_container();
    free(pushed_file);
    free(push_target);
    _cleanup_free_ char *name = world_slot(1);
    pushed_file = str_printf("%s/big", world.home);
    push_target = str_printf("%s:/tmp/big", name);
    int fd = open(pushed_file, O_CREAT | O_WRONLY | O_TRUNC, 0644);
    assert_int_equal(ftruncate(fd, 24 << 20), 0);
    close(fd);
}

/* Of a file that is pushed the part that had come may be there: said, and no more than that. */
static char *left_of_push(void) {
    size_t count = 0;
    DIR *home = opendir(world.home);
    for (const struct dirent *entry; (entry = readdir(home));)
        count += strstr(entry->d_name, "berth") != NULL;
    closedir(home);
    return count ? str_copy("a file beside the pushed one") : str_copy("");
}

static void remove_all(void) {
    _cleanup_free_ char *base = str_printf("rm -rf '%s/.coi'", world.home);
    remove_containers();
    (void)!system(base);
}

static struct tried run_command = {
    .name = "run",
    .longest_ms = 700,
    .argv = {"berth", "run", "-q", "--image", "berth-small", "--", "sh", "-c", "echo ok; sleep 0.1"},
    .left = left_of_run,
    .after = remove_all};
static void clear_standby(void) {
    _result_ cleared = berth(&world.how, "standby", "clear", NULL);
    world.variables[1] = NULL;
    assert_status(cleared, 0);
    remove_all();
}

static struct tried standby_command = {
    .name = "run, standby",
    .longest_ms = 400,
    .before = fill_standby,
    .argv = {"berth", "run", "-q", "--image", "berth-small", "--", "sh", "-c", "echo ok; sleep 0.1"},
    .left = left_of_standby,
    .after = clear_standby};
static struct tried shell_command = {.name = "shell --background",
                                     .longest_ms = 900,
                                     .argv = {"berth", "shell", "--background"},
                                     .left = left_of_shell,
                                     .after = remove_all};
static struct tried attach_command = {.name = "attach",
                                      .longest_ms = 400,
                                      .before = start_session,
                                      .argv = {"berth", "attach"},
                                      .terminal = true,
                                      .left = left_of_attach};
static struct tried kill_command = {.name = "kill",
                                    .longest_ms = 900,
                                    .before = make_container,
                                    .argv = {"berth", "kill", "NAME"},
                                    .left = left_of_kill,
                                    .after = remove_all};
static struct tried push_command = {.name = "file push",
                                    .longest_ms = 400,
                                    .before = make_file,
                                    .argv = {"berth", "file", "push", "FILE", "TARGET"},
                                    .left = left_of_push,
                                    .after = remove_all};

/* The arguments with the names that are only known now. Borrowed. */
static void fill(const struct tried *tried, const char **argv, const char *name) {
    for (size_t i = 0; i < array_length(tried->argv); i++)
        argv[i] = str_equal(tried->argv[i], "NAME")     ? name
                  : str_equal(tried->argv[i], "FILE")   ? pushed_file
                  : str_equal(tried->argv[i], "TARGET") ? push_target
                                                        : tried->argv[i];
}

static void strike(pid_t pid, enum fault fault) {
    static const int signals[] = {SIGKILL, SIGTERM, SIGHUP};
    if (fault <= FAULT_HUP) {
        kill(pid, signals[fault]);
    } else if (fault == FAULT_STOP_KILL) {
        kill(pid, SIGSTOP);
        sleep_ms(100);
        kill(pid, SIGKILL);
    } else {
        private_daemon_kill();
        sleep_ms(200);
        private_daemon_up();
    }
}

static struct result try_it(const struct tried *tried, const char *const *argv, enum fault fault,
                            int after_ms) {
    if (!tried->terminal) {
        struct child child = berth_start(&world.how, (char *const *)argv);
        sleep_ms(after_ms);
        strike(child.pid, fault);
        return child_wait(&child);
    }
    struct terminal terminal;
    terminal_open(&terminal, &world.how, 80, 24, argv);
    terminal_read(&terminal, after_ms);
    strike(terminal.pid, fault);
    if (fault == FAULT_DAEMON) {
        terminal_read(&terminal, 3000);
        kill(terminal.pid, SIGTERM);
    }
    return (struct result){.status = terminal_close(&terminal)};
}

/* One row of the table; false if something is left. */
static bool row(const struct tried *tried, enum fault fault, int after_ms) {
    const char *argv[array_length(tried->argv)];
    _cleanup_free_ char *name = world_slot(1);
    if (tried->before)
        tried->before();
    fill(tried, argv, name);
    _result_ result = try_it(tried, argv, fault, after_ms);
    int64_t begin = loop_now(), patience = fault == FAULT_DAEMON ? DAEMON_PATIENCE_MS : PATIENCE_MS;
    char *left = tried->left();
    while (*left && loop_now() - begin < patience) {
        free(left);
        sleep_ms(100);
        left = tried->left();
    }
    _cleanup_free_ char *line =
        str_copy_n(result.err ? result.err : "", strcspn(result.err ? result.err : "", "\n"));
    printf("# %-18s %-13s at %4d ms  status %3d  left %-8s after %5d ms  %.90s\n", tried->name,
           fault_names[fault], after_ms, result.status, *left ? left : "nothing", (int)(loop_now() - begin),
           line);
    fflush(stdout);
    bool good = !*left;
    free(left);
    if (tried->after)
        tried->after();
    return good;
}

/* `points` of them, or those of a short run. */
static void check(const struct tried *tried, enum fault fault, int points, int points_if_short) {
    int count = full() ? points : points_if_short, bad = 0;
    for (int i = 0; i < count; i++)
        bad += !row(tried, fault, 10 + tried->longest_ms * i / (count > 1 ? count - 1 : 1));
    /* a reaper that has nothing left to do is gone */
    int64_t end = loop_now() + 15000;
    while (world_reapers(0) && loop_now() < end)
        sleep_ms(100);
    assert_int_equal(world_reapers(0), 0);
    assert_int_equal(bad, 0);
}

#define FAULT_TEST(function, tried, fault, points, points_if_short)                                        \
    static void function(void **state) {                                                                   \
        (void)state;                                                                                       \
        check(&(tried), fault, points, points_if_short);                                                   \
    }

FAULT_TEST(test_run_kill, run_command, FAULT_KILL, 24, 5)
FAULT_TEST(test_run_term, run_command, FAULT_TERM, 24, 3)
FAULT_TEST(test_run_hup, run_command, FAULT_HUP, 24, 2)
FAULT_TEST(test_run_stop, run_command, FAULT_STOP_KILL, 24, 2)
FAULT_TEST(test_run_daemon, run_command, FAULT_DAEMON, 12, 2)
FAULT_TEST(test_standby_kill, standby_command, FAULT_KILL, 40, 6)
FAULT_TEST(test_standby_term, standby_command, FAULT_TERM, 24, 2)
FAULT_TEST(test_standby_hup, standby_command, FAULT_HUP, 24, 1)
FAULT_TEST(test_standby_stop, standby_command, FAULT_STOP_KILL, 24, 1)
FAULT_TEST(test_standby_daemon, standby_command, FAULT_DAEMON, 12, 2)
FAULT_TEST(test_shell_kill, shell_command, FAULT_KILL, 24, 4)
FAULT_TEST(test_shell_term, shell_command, FAULT_TERM, 24, 1)
FAULT_TEST(test_shell_hup, shell_command, FAULT_HUP, 24, 1)
FAULT_TEST(test_shell_stop, shell_command, FAULT_STOP_KILL, 24, 1)
FAULT_TEST(test_shell_daemon, shell_command, FAULT_DAEMON, 12, 1)
FAULT_TEST(test_attach_kill, attach_command, FAULT_KILL, 24, 2)
FAULT_TEST(test_attach_term, attach_command, FAULT_TERM, 24, 1)
FAULT_TEST(test_attach_hup, attach_command, FAULT_HUP, 24, 1)
FAULT_TEST(test_attach_stop, attach_command, FAULT_STOP_KILL, 24, 1)
FAULT_TEST(test_attach_daemon, attach_command, FAULT_DAEMON, 12, 1)
FAULT_TEST(test_kill_kill, kill_command, FAULT_KILL, 24, 2)
FAULT_TEST(test_kill_term, kill_command, FAULT_TERM, 24, 1)
FAULT_TEST(test_kill_hup, kill_command, FAULT_HUP, 24, 1)
FAULT_TEST(test_kill_stop, kill_command, FAULT_STOP_KILL, 24, 1)
FAULT_TEST(test_kill_daemon, kill_command, FAULT_DAEMON, 12, 1)
FAULT_TEST(test_push_kill, push_command, FAULT_KILL, 24, 2)
FAULT_TEST(test_push_term, push_command, FAULT_TERM, 24, 1)
FAULT_TEST(test_push_hup, push_command, FAULT_HUP, 24, 1)
FAULT_TEST(test_push_stop, push_command, FAULT_STOP_KILL, 24, 1)
FAULT_TEST(test_push_daemon, push_command, FAULT_DAEMON, 12, 1)

/* A launch that something is missing for: its words, its status, and nothing left. */
static void check_missing(const char *what, struct result *result, int status, const char *words) {
    _cleanup_free_ char *line = str_copy_n(result->err, strcspn(result->err, "\n"));
    printf("# %-32s status %3d  %.160s\n", what, result->status, line);
    fflush(stdout);
    assert_has(result->err, words);
    assert_status(*result, status);
    result_done(result);
    assert_no_containers();
    assert_int_equal(count_records(), 0);
}

/* A pool that is smaller than the image. */
static void test_pool_full(void **state) {
    (void)state;
    _result_ made = incus_command("storage", "create", "tiny", "btrfs", "size=120MiB", NULL);
    world.variables[1] = "BERTH_STORAGE_POOL=tiny";
    struct result run = berth(&world.how, "run", "--", "true", NULL);
    struct result shell = berth(&world.how, "shell", "--background", NULL);
    world.variables[1] = NULL;
    check_missing("run: the pool is full", &run, 1, "the storage pool is full");
    check_missing("shell: the pool is full", &shell, 1, "the storage pool is full");
    _result_ removed = incus_command("storage", "delete", "tiny", NULL);
}

/* No room for a session's record: it is not begun. */
static void test_record_disk_full(void **state) {
    (void)state;
    _cleanup_free_ char *home = new_folder("", 1001, 1001), *variable = str_printf("HOME=%s", home),
                        *big = str_printf("%s/big", home);
    assert_int_equal(mount("tmpfs", home, "tmpfs", 0, "size=64k,uid=1001,gid=1001,mode=755"), 0);
    int fd = open(big, O_CREAT | O_WRONLY, 0644);
    char bytes[4096] = {0};
    while (write(fd, bytes, sizeof bytes) > 0)
        ;
    close(fd);
    const char *const variables[] = {variable, NULL};
    struct how how = world.how;
    how.variables = variables;
    struct result shell = berth(&how, "shell", "--background", NULL);
    struct result run = berth(&how, "run", "--image", "berth-small", "--", "true", NULL);
    assert_int_equal(umount2(home, MNT_DETACH), 0);
    check_missing("shell: the disk of records is full", &shell, 1, "No space left on device");
    check_missing("run: needs no record", &run, 0, "");
}

static void test_no_descriptor(void **state) {
    (void)state;
    for (int limit = 10; limit <= 20; limit += 2) {
        _cleanup_free_ char *line = str_printf(
                                "ulimit -n %d; exec \"$BERTH\" run -q --image berth-small -- echo made",
                                limit),
                            *what = str_printf("run: %d descriptors", limit);
        struct result run = shell_line(&world.how, line);
        /* it runs, or says what it has not got; never neither */
        bool good =
            run.status == 0 ? str_equal(run.out, "made\n") : strlen(run.err) > 0 && run.status < 126;
        check_missing(what, &run, run.status, "");
        assert_true(good);
    }
}

/* The image's alias is deleted when the plan is made already. */
static void test_image_deleted(void **state) {
    (void)state;
    _cleanup_(settings_done) struct settings settings = {0};
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    _cleanup_(error_done) struct error err = {0};
    struct launch_request request = {.settings = &settings, .workspace = world.folder};
    _result_ image = incus_command("image", "list", "berth-small", "-f", "csv", "-c", "F", NULL);
    image.out[strcspn(image.out, "\n")] = 0;
    _result_ alias = incus_command("image", "alias", "create", "short-lived", image.out, NULL);
    setenv("BERTH_IMAGE", "short-lived", 1);
    assert_true(settings_load(&settings, &err));
    unsetenv("BERTH_IMAGE");
    assert_true(prepare_launch(daemon_client(), &request, &prepared, &err));
    _result_ deleted = incus_command("image", "alias", "delete", "short-lived", NULL);
    assert_false(launch_open(daemon_client(), &prepared, NULL, &plan, &err));
    printf("# %-32s %s\n", "run: the image is deleted", err.message);
    assert_has(err.message, "its image was deleted in the meantime");
    assert_no_containers();
}

/* The bridge of sessions, and that of the profile, which open ones are in. */
static void test_bridge_gone(void **state) {
    (void)state;
    _result_ profile = incus_command("profile", "device", "get", "default", "eth0", "network", NULL);
    _result_ sessions = berth(&world.how, "network", "up", NULL);
    assert_status(sessions, 0);
    profile.out[strcspn(profile.out, "\n")] = sessions.out[strcspn(sessions.out, "\n")] = 0;
    _cleanup_free_ char *line =
        str_printf("ip link delete %s && ip link delete %s", profile.out, sessions.out);
    assert_int_equal(system(line), 0);
    struct result run = berth(&world.how, "run", "--image", "berth-small", "--", "true", NULL);
    struct result open = berth(&world.how, "run", "--network", "open", "--", "true", NULL);
    struct result shell = berth(&world.how, "shell", "--background", NULL);
    private_daemon_kill();
    private_daemon_up(); /* it makes its bridges anew */
    check_missing("run: the bridge is gone", &run, 1, "is the bridge gone?");
    check_missing("run: the open bridge is gone", &open, 1, "is the bridge gone?");
    check_missing("shell: the bridge is gone", &shell, 1, "is the bridge gone?");
}

/* Between the decision and the start, by the hook that runs there. */
static void test_workspace_unmounted(void **state) {
    (void)state;
    _cleanup_free_ char *workspace = new_folder("", 1001, 1001), *hook = str_printf("%s/hook", world.home),
                        *line = str_printf("#!/bin/sh\numount -l '%s'\nrmdir '%s'\n", workspace, workspace),
                        *variable = str_printf("BERTH_PRE_START=%s", hook);
    assert_int_equal(mount("tmpfs", workspace, "tmpfs", 0, "size=64k,uid=1001,gid=1001,mode=755"), 0);
    int fd = open(hook, O_CREAT | O_WRONLY, 0755);
    assert_true(write(fd, line, strlen(line)) > 0);
    close(fd);
    const char *const variables[] = {world.home_variable, variable, NULL};
    struct how how = {.cwd = "/", .variables = variables}; /* root may unmount it */
    struct result run =
        berth(&how, "run", "-w", workspace, "--image", "berth-small", "--", "touch", "/workspace/f", NULL);
    check_missing("run: the workspace is unmounted", &run, 1, "is not there any more");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        world_test(test_run_kill),      world_test(test_run_term),
        world_test(test_run_hup),       world_test(test_run_stop),
        world_test(test_run_daemon),    world_test(test_standby_kill),
        world_test(test_standby_term),  world_test(test_standby_hup),
        world_test(test_standby_stop),  world_test(test_standby_daemon),
        world_test(test_shell_kill),    world_test(test_shell_term),
        world_test(test_shell_hup),     world_test(test_shell_stop),
        world_test(test_shell_daemon),  world_test(test_attach_kill),
        world_test(test_attach_term),   world_test(test_attach_hup),
        world_test(test_attach_stop),   world_test(test_attach_daemon),
        world_test(test_kill_kill),     world_test(test_kill_term),
        world_test(test_kill_hup),      world_test(test_kill_stop),
        world_test(test_kill_daemon),   world_test(test_push_kill),
        world_test(test_push_term),     world_test(test_push_hup),
        world_test(test_push_stop),     world_test(test_push_daemon),
        world_test(test_pool_full),     world_test(test_record_disk_full),
        world_test(test_no_descriptor), world_test(test_image_deleted),
        world_test(test_bridge_gone),   world_test(test_workspace_unmounted),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
