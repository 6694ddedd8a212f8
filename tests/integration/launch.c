/* berth run, for every owner on every filesystem: who wrote, and whose the file is on the host. */
#include "incus/operation.h"
#include "tests/harness/harness.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct user {
    uid_t uid;
    gid_t gid;
    const char *owner;
};
static const struct user users[] = {
    {1000, 1000, "1000:1000"}, {1001, 1001, "1001:1001"}, {501, 501, "501:501"}, {501, 20, "501:20"}};

#define WRITE "id -u > by; stat -c %u:%g . by"

static void check_filesystem(const char *filesystem) {
    for (size_t i = 0; i < array_length(users); i++) {
        _cleanup_free_ char *folder = new_folder(filesystem, users[i].uid, users[i].gid);
        struct how how = {.uid = users[i].uid, .gid = users[i].gid, .cwd = folder};
        _result_ result = berth(&how, "run", "--image", "berth-small", "--", "sh", "-c", WRITE, NULL);
        assert_status(result, 0);
        assert_string_equal(result.out, "1000:1000\n1000:1000\n");
        _cleanup_free_ char *owner = file_owner(folder, "by");
        assert_string_equal(owner, users[i].owner);
    }
}

static void test_ext4(void **state) {
    (void)state;
    check_filesystem("ext4");
}

static void test_btrfs(void **state) {
    (void)state;
    check_filesystem("btrfs");
}

static void test_tmpfs(void **state) {
    (void)state;
    check_filesystem("tmpfs");
}

/* Under FUSE the matching ids go through raw.idmap too: at once, or by the fallback, which is said. */
static void test_fuse(void **state) {
    (void)state;
    check_filesystem("fuse");
}

static void test_fallback_is_said(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("fuse", 1000, 1000);
    struct how how = {.uid = 1000, .gid = 1000, .cwd = folder};
    _result_ predicted = berth(&how, "idmap", NULL);
    _result_ result = berth(&how, "run", "--image", "berth-small", "--", "true", NULL);
    assert_status(result, 0);
    if (strstr(predicted.out, "method      shift")) {
        assert_has(predicted.out, "whether fuse takes idmapped mounts here shows at the start");
        assert_has(result.err, "does not take idmapped mounts here: using raw.idmap \"both 1000 1000\"");
    } else {
        assert_has(predicted.out, "raw.idmap both 1000 1000");
    }
}

/* The image that users have, once: systemd, the real code user. */
static void test_base_image(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ result =
        berth(&how, "run", "--", "sh", "-c", "id -un; echo $HOME; pwd; sudo -n id -u; git init -q .", NULL);
    assert_status(result, 0);
    assert_string_equal(result.out, "code\n/home/code\n/workspace\n0\n");
    _cleanup_free_ char *owner = file_owner(folder, ".git");
    assert_string_equal(owner, "1001:1001");
}

static void test_as_root(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.cwd = folder};
    _result_ result = berth(&how, "run", "--image", "berth-small", "--", "touch", "f", NULL);
    assert_status(result, 0);
    _cleanup_free_ char *owner = file_owner(folder, "f");
    assert_string_equal(owner, "1001:1001");
}

static void test_through_sudo(void **state) {
    (void)state;
    static const char *const variables[] = {"SUDO_UID=501", "SUDO_GID=20", NULL};
    _cleanup_free_ char *folder = new_folder("", 501, 20);
    struct how how = {.cwd = folder, .variables = variables};
    _result_ result = berth(&how, "run", "--image", "berth-small", "--", "touch", "f", NULL);
    assert_status(result, 0);
    _cleanup_free_ char *owner = file_owner(folder, "f");
    assert_string_equal(owner, "501:20");
}

/* sudo's variables in a process that is not root are anybody's words. */
static void test_sudo_not_believed(void **state) {
    (void)state;
    static const char *const variables[] = {"SUDO_UID=501", "SUDO_GID=20", NULL};
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder, .variables = variables};
    _result_ result = berth(&how, "idmap", NULL);
    assert_status(result, 0);
    assert_has(result.out, "raw.idmap both 1001 1000");
}

/* Isolated ranges: two containers share no id but those of raw.idmap. */
static void test_isolated(void **state) {
    (void)state;
    _cleanup_free_ char *first = new_folder("", 1001, 1001), *second = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001};
    _result_ a =
        berth(&how, "run", "-w", first, "--image", "berth-small", "--", "cat", "/proc/self/uid_map", NULL);
    _result_ b =
        berth(&how, "run", "-w", second, "--image", "berth-small", "--", "cat", "/proc/self/uid_map", NULL);
    assert_status(a, 0);
    assert_has(a.out, "      1000       1001          1\n");
    assert_has(b.out, "      1000       1001          1\n");
    assert_string_not_equal(a.out, b.out);
}

static bool make_hog(const char *name, unsigned int size) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *text = str_printf("%u", size);
    _cleanup_json_ json_t *body =
        json_pack("{s:s, s:{s:s, s:s}, s:{s:s, s:s}}", "name", name, "source", "type", "image", "alias",
                  "berth-small", "config", "security.idmap.isolated", "true", "security.idmap.size", text);
    return operation_run(daemon_client(), "POST", "/1.0/instances", body, NULL, NULL, NULL, &err);
}

/* Hogs take every range of 65536 ids there is, the largest first. */
static void take_all_ranges(void) {
    unsigned int number = 0;
    for (unsigned int size = 1u << 29; size >= 65536;) {
        _cleanup_free_ char *name = str_printf("%shog-%u", getenv("COI_CONTAINER_PREFIX"), number++);
        if (!make_hog(name, size))
            size /= 2;
        assert_true(number < 60);
    }
}

/* The daemon's own words make berth share the daemon's range, and say so. */
static void test_no_range_free(void **state) {
    (void)state;
    take_all_ranges();
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ plan = berth(&how, "run", "--image", "berth-small", "--dry-run", "--", "true", NULL);
    _result_ result =
        berth(&how, "run", "--image", "berth-small", "--persistent", "--", "touch", "f", NULL);
    assert_status(plan, 0);
    _cleanup_json_ json_t *json = json_loads(plan.out, 0, NULL);
    _result_ record =
        incus_command("config", "get", json_str_at(json, "name"), "user.berth.not-isolated", NULL);
    remove_containers();
    assert_status(result, 0);
    assert_has(result.err, "no range of that size is free");
    assert_string_equal(record.out, "no range of that size is free\n");
    _cleanup_free_ char *owner = file_owner(folder, "f");
    assert_string_equal(owner, "1001:1001");
}

/* The hook sees an instance that has never run; when it fails nothing is left. */
static void test_pre_start(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001), *other = new_folder("", 0, 0),
                        *hook = str_printf("%s/hook", other), *log = str_printf("%s/log", other),
                        *script = str_printf(
                            "#!/bin/sh\necho \"$1 $(incus list -f csv -c s \"$1\")\" >>%s\n", log),
                        *variable = str_printf("BERTH_PRE_START=%s", hook);
    const char *const variables[] = {variable, NULL};
    write_file(hook, 0755, script);
    struct how how = {.cwd = folder, .variables = variables};
    _result_ result = berth(&how, "run", "--image", "berth-small", "--", "true", NULL);
    assert_status(result, 0);
    _result_ seen = incus_command("version", NULL);
    FILE *file = fopen(log, "r");
    char line[200] = "";
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file));
    fclose(file);
    assert_has(line, getenv("COI_CONTAINER_PREFIX"));
    assert_has(line, " STOPPED\n");
    write_file(hook, 0755, "#!/bin/sh\nexit 3\n");
    _result_ failed = berth(&how, "run", "--image", "berth-small", "--", "touch", "never", NULL);
    assert_status(failed, 1);
    assert_has(failed.err, "ended with status 3");
    assert_false(file_exists(folder, "never"));
    assert_no_containers();
}

/* A fallback makes the instance a second time: the hook runs for that one too. */
static void test_pre_start_again(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("fuse", 1000, 1000), *other = new_folder("", 0, 0),
                        *hook = str_printf("%s/hook", other), *log = str_printf("%s/log", other),
                        *script = str_printf("#!/bin/sh\nprintf x >>%s\n", log),
                        *variable = str_printf("BERTH_PRE_START=%s", hook);
    const char *const variables[] = {variable, NULL};
    write_file(hook, 0755, script);
    struct how how = {.cwd = folder, .variables = variables};
    _result_ predicted = berth(&how, "idmap", NULL);
    _result_ result = berth(&how, "run", "--image", "berth-small", "--", "true", NULL);
    assert_status(result, 0);
    struct stat info;
    assert_int_equal(stat(log, &info), 0);
    assert_int_equal(info.st_size, strstr(predicted.out, "method      shift") ? 2 : 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        live_test(test_ext4),
        live_test(test_btrfs),
        live_test(test_tmpfs),
        live_test(test_fuse),
        live_test(test_base_image),
        live_test(test_fallback_is_said),
        live_test(test_as_root),
        live_test(test_through_sudo),
        live_test(test_isolated),
        live_test(test_sudo_not_believed),
        live_test(test_no_range_free),
        live_test(test_pre_start),
        live_test(test_pre_start_again),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
