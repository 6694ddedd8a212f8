/* berth run: streams, statuses, signals, terminals, and what it leaves behind. */
#include "tests/harness/harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SMALL "--image", "berth-small"

static char *folder;
static struct how how = {.uid = 1001, .gid = 1001};

static int setup(void **state) {
    group_setup(state);
    folder = new_folder("", 1001, 1001);
    how.cwd = folder;
    return 0;
}

static int teardown(void **state) {
    free(folder);
    return group_teardown(state);
}

static void test_streams(void **state) {
    (void)state;
    struct how with_input = how;
    with_input.input = "in\n";
    _result_ result =
        berth(&with_input, "run", "-q", SMALL, "--", "sh", "-c", "cat; echo err >&2; printf end", NULL);
    assert_status(result, 0);
    assert_string_equal(result.out, "in\nend");
    assert_string_equal(result.err, "err\n");
    _result_ none = berth(&how, "run", "-q", SMALL, "--", "cat", NULL);
    assert_status(none, 0);
    assert_string_equal(none.out, "");
}

/* Eight megabytes of every byte there is, both ways. */
static void test_bytes(void **state) {
    (void)state;
    size_t size = 8u << 20;
    unsigned char *bytes = mem_new(size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    struct how with_input = how;
    with_input.input = (char *)bytes;
    with_input.input_size = size;
    _result_ result = berth(&with_input, "run", SMALL, "--", "cat", NULL);
    assert_status(result, 0);
    assert_int_equal(result.out_size, size);
    assert_memory_equal(result.out, bytes, size);
    free(bytes);
}

/* Each line is there when it was written, not at the end. */
static void test_unbuffered(void **state) {
    (void)state;
    char *argv[] = {
        "berth", "run", "-q", "--image", "berth-small", "--", "sh", "-c", "echo first; sleep 100", NULL};
    struct child child = berth_start(&how, argv);
    child_expect(&child, "first\n");
    kill(child.pid, SIGTERM);
    _result_ result = child_wait(&child);
    assert_status(result, 128 + SIGTERM);
    assert_no_containers();
}

static void test_statuses(void **state) {
    (void)state;
    _result_ seven = berth(&how, "run", SMALL, "--", "sh", "-c", "exit 7", NULL);
    assert_status(seven, 7);
    _result_ killed = berth(&how, "run", SMALL, "--", "sh", "-c", "kill -9 $$", NULL);
    assert_status(killed, 137);
    _result_ late = berth(&how, "run", SMALL, "--timeout", "1", "--", "sleep", "100", NULL);
    assert_status(late, 124);
    assert_no_containers();
}

static void check_signal(int signal, const char *script, int status) {
    char *argv[] = {"berth", "run", "-q", "--image", "berth-small", "--", "sh", "-c", (char *)script, NULL};
    struct child child = berth_start(&how, argv);
    child_expect(&child, "ready\n");
    kill(child.pid, signal);
    _result_ result = child_wait(&child);
    assert_status(result, status);
}

static void test_signals(void **state) {
    (void)state;
    check_signal(SIGINT, "echo ready; exec sleep 100", 128 + SIGINT);
    check_signal(SIGHUP, "echo ready; exec sleep 100", 128 + SIGHUP);
    check_signal(SIGTERM, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.1; done", 5);
    check_signal(SIGINT, "trap 'exit 6' INT; echo ready; while :; do sleep 0.1; done", 6);
    assert_no_containers();
}

/* A signal at any moment of the launch: nothing is left, and the status says which it was. */
static void test_cancelled_launch(void **state) {
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    char *argv[] = {"berth", "run", "-q", "--image", "berth-small", "--", "sleep", "100", NULL};
    for (int delay = 5; delay <= 305; delay += 20) {
        struct child child = berth_start(&how, argv);
        usleep((useconds_t)delay * 1000); /* the moment itself is what is tested */
        int signal = signals[delay / 20 % 3];
        kill(child.pid, signal);
        _result_ result = child_wait(&child);
        assert_status(result, 128 + signal);
    }
    assert_no_containers();
}

/* The reader goes away: so does the command. */
static void test_broken_pipe(void **state) {
    (void)state;
    char *argv[] = {"berth", "run", "-q", "--image", "berth-small", "--", "yes", NULL};
    struct child child = berth_start(&how, argv);
    child_expect(&child, "y\n");
    close(child.out);
    int status = 0;
    assert_int_equal(waitpid(child.pid, &status, 0), child.pid);
    close(child.err);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGPIPE);
    assert_no_containers();
}

static void test_environment(void **state) {
    (void)state;
    static const char *const variables[] = {"TOKEN=from host", "LANG=de_DE.UTF-8", "LC_ALL",
                                            "TZ=Europe/Berlin", NULL};
    struct how with = how;
    with.variables = variables;
    _result_ result =
        berth(&with, "run", SMALL, "-e", "A=1 2", "-e", "TOKEN", "-e", "E=", "--", "env", NULL);
    assert_status(result, 0);
    assert_has(result.out, "A=1 2\n");
    assert_has(result.out, "TOKEN=from host\n");
    assert_has(result.out, "E=\n");
    assert_has(result.out, "HOME=/home/code\n");
    assert_has(result.out, "USER=code\n");
    assert_has(result.out, "LANG=C.UTF-8\n");
    assert_has(result.out, "TZ=Europe/Berlin\n");
}

static void test_mounts(void **state) {
    (void)state;
    _cleanup_free_ char *data = new_folder("", 1001, 1001), *writable = str_printf("%s:/data", data),
                        *read_only = str_printf("%s:/fixed:ro", data);
    _result_ result = berth(&how, "run", SMALL, "--mount", writable, "--mount", read_only, "--", "sh", "-c",
                            "touch /data/f && stat -c %u:%g /data /fixed; touch /fixed/g", NULL);
    assert_status(result, 1);
    assert_string_equal(result.out, "1000:1000\n1000:1000\n");
    assert_has(result.err, "Read-only file system");
    _cleanup_free_ char *owner = file_owner(data, "f");
    assert_string_equal(owner, "1001:1001");
}

/* Mounts of the settings and of a profile come with those of the flags; overlapping ones name both. */
static void test_mounts_of_settings(void **state) {
    (void)state;
    _cleanup_free_ char *home = new_folder("", 1001, 1001), *data = new_folder("", 1001, 1001),
                        *file = str_printf("%s/berth/config.ini", home),
                        *below = str_printf("%s/berth", home),
                        *variable = str_printf("XDG_CONFIG_HOME=%s", home),
                        *flag = str_printf("%s:/flagged", data), *inner = str_printf("%s:/data/in", data);
    const char *const variables[] = {variable, NULL};
    struct how user = how;
    user.variables = variables;
    assert_int_equal(mkdir(below, 0755), 0);
    FILE *config = fopen(file, "w");
    fprintf(config, "[mounts]\n%s = /data:ro\n[profile more]\n%s = /more\n", data, data);
    fclose(config);
    _result_ result = berth(&user, "run", SMALL, "--profile", "more", "--mount", flag, "--", "sh", "-c",
                            "touch /more/f && ls /data /flagged; touch /data/g", NULL);
    assert_string_equal(result.out, "/data:\nf\n\n/flagged:\nf\n");
    assert_has(result.err, "Read-only file system");
    _result_ without = berth(&user, "run", SMALL, "--", "ls", "/more", NULL);
    assert_int_not_equal(without.status, 0);
    _result_ both = berth(&user, "run", SMALL, "--mount", inner, "--", "true", NULL);
    assert_status(both, 2);
    assert_has(both.err, "config.ini:2");
    assert_has(both.err, "overlaps /data/in of --mount");
}

static void test_capture(void **state) {
    (void)state;
    _result_ result = berth(&how, "run", SMALL, "--capture", "--format", "json", "--", "sh", "-c",
                            "echo out; echo err >&2; exit 7", NULL);
    _cleanup_json_ json_t *json = json_loads(result.out, 0, NULL);
    assert_string_equal(json_str_at(json, "stdout"), "out\n");
    assert_string_equal(json_str_at(json, "stderr"), "err\n");
    assert_int_equal(json_int_at(json, "exit_code"), 7);
    _result_ raw =
        berth(&how, "run", SMALL, "--capture", "--format=raw", "--", "sh", "-c", "echo out; exit 7", NULL);
    assert_string_equal(raw.out, "out\n");
    assert_status(raw, 7);
    _result_ alone = berth(&how, "run", SMALL, "--format=raw", "--", "true", NULL);
    assert_status(alone, 2);
}

/* A mount that takes no idmapped mounts makes the whole container use raw.idmap. */
static void test_mount_decides(void **state) {
    (void)state;
    _cleanup_free_ char *workspace = new_folder("ext4", 1000, 1000), *data = new_folder("fuse", 1000, 1000),
                        *mount = str_printf("%s:/data", data);
    struct how user = {.uid = 1000, .gid = 1000, .cwd = workspace};
    _result_ result =
        berth(&user, "run", SMALL, "--mount", mount, "--", "sh", "-c", "touch f /data/f", NULL);
    assert_status(result, 0);
    _cleanup_free_ char *first = file_owner(workspace, "f"), *second = file_owner(data, "f");
    assert_string_equal(first, "1000:1000");
    assert_string_equal(second, "1000:1000");
}

static void test_limits(void **state) {
    (void)state;
    _result_ result =
        berth(&how, "run", SMALL, "--dry-run", "--cpu", "1", "--memory", "256MiB", "--processes", "50",
              "--disk-read", "20MiB", "--disk-write", "10MiB", "--", "true", NULL);
    assert_status(result, 0);
    _cleanup_json_ json_t *plan = json_loads(result.out, 0, NULL);
    const json_t *config = json_at(plan, "config");
    assert_string_equal(json_get_str(config, "limits.cpu"), "1");
    assert_string_equal(json_get_str(config, "limits.memory"), "256MiB");
    assert_string_equal(json_get_str(config, "limits.processes"), "50");
    const json_t *root = json_at(plan, "devices.root");
    assert_string_equal(json_get_str(root, "limits.read"), "20MiB");
    assert_string_equal(json_get_str(root, "pool"), "default");
    _cleanup_free_ char *names = containers();
    assert_string_equal(names, "");
    /* the daemon deals processors out behind the start */
    _result_ real =
        berth(&how, "run", SMALL, "--cpu", "1", "--memory", "256MiB", "--processes", "50", "--", "sh", "-c",
              "for i in $(seq 50); do [ $(nproc) = 1 ] && exit; sleep 0.1; done; exit 1", NULL);
    assert_status(real, 0);
}

/* What the plan says and what is made are the same. */
static void test_plan_is_made(void **state) {
    (void)state;
    _result_ dry =
        berth(&how, "run", SMALL, "--persistent", "--slot", "2", "--dry-run", "--", "true", NULL);
    assert_status(dry, 0);
    _result_ real = berth(&how, "run", SMALL, "--persistent", "--slot", "2", "--", "true", NULL);
    assert_status(real, 0);
    _cleanup_json_ json_t *plan = json_loads(dry.out, 0, NULL);
    _cleanup_free_ char *url = str_printf("/1.0/instances/%s", json_str_at(plan, "name"));
    _result_ made = incus_command("query", url, NULL);
    _cleanup_json_ json_t *instance = json_loads(made.out, 0, NULL);
    const char *key;
    const json_t *value;
    json_object_foreach(json_at(plan, "config"), key, value) {
        if (!str_equal(key, "user.berth.launch"))
            assert_string_equal(json_get_str(json_at(instance, "config"), key), json_string_value(value));
    }
    assert_true(json_equal(json_at(plan, "devices"), json_at(instance, "devices")));
    assert_false(json_bool_at(instance, "ephemeral"));
    remove_containers();
}

/* A profile cannot make it privileged, nor bring shift beside raw.idmap. */
/* An instance that the daemon is still stopping cannot follow: the profile is changed all the same. */
static void change_profile(const char *words) {
    _cleanup_free_ char *line =
        str_printf("out=$(incus profile %s 2>&1) && exit; echo \"$out\"\n"
                   "case $out in *'profile change still saved'*) exit 0; esac; exit 1",
                   words);
    _result_ changed = shell_line(&(struct how){0}, line);
    assert_status(changed, 0);
}

static void test_profiles(void **state) {
    (void)state;
    _cleanup_free_ char *data = new_folder("", 1001, 1001),
                        *add = str_printf("device add default extra disk source=%s path=/extra shift=true",
                                          data);
    assert_no_containers();
    change_profile("set default security.privileged=true");
    _result_ result = berth(&how, "run", SMALL, "--", "cat", "/proc/self/uid_map", NULL);
    assert_no_containers();
    change_profile("unset default security.privileged");
    assert_status(result, 0);
    assert_has(result.out, "1000       1001          1\n");
    change_profile(add);
    _result_ refused = berth(&how, "run", SMALL, "--", "touch", "never", NULL);
    assert_no_containers();
    change_profile("device remove default extra");
    assert_status(refused, 4);
    assert_has(refused.err, "device \"extra\" of the profiles has shift=true beside raw.idmap");
    assert_false(file_exists(folder, "never"));
    assert_no_containers();
}

static void test_persistent(void **state) {
    (void)state;
    _result_ result = berth(&how, "run", SMALL, "--persistent", "--", "touch", "/tmp/kept", NULL);
    assert_status(result, 0);
    _cleanup_free_ char *names = containers();
    assert_true(*names);
    _result_ list = berth(&how, "list", NULL);
    assert_has(list.out, "(persistent)");
    remove_containers();
}

/* What the container does to itself is its end, not an error of berth's. */
static void test_powers_off(void **state) {
    (void)state;
    _result_ result = berth(&how, "run", "--", "sudo", "systemctl", "poweroff", "--force", "--force", NULL);
    assert_int_not_equal(result.status, 3);
    assert_no_containers();
}

/* A slot named twice in a row: the second run waits for the first one's container to go. */
static void test_slot_again(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++) {
        _result_ result = berth(&how, "run", SMALL, "--slot", "5", "--", "true", NULL);
        assert_status(result, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        live_test(test_streams),     live_test(test_bytes),
        live_test(test_unbuffered),  live_test(test_statuses),
        live_test(test_signals),     live_test(test_cancelled_launch),
        live_test(test_broken_pipe), live_test(test_environment),
        live_test(test_mounts),      live_test(test_mounts_of_settings),
        live_test(test_capture),     live_test(test_mount_decides),
        live_test(test_limits),      live_test(test_plan_is_made),
        live_test(test_profiles),    live_test(test_persistent),
        live_test(test_powers_off),  live_test(test_slot_again),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
