/* berth health, on a machine that is well, and on ones that are broken on purpose: found by name, and gone.
 */
#include "tests/harness/proxy.h"
#include "tests/harness/world.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static json_t *health_of(const struct how *how, const char *flag, int wanted) {
    _result_ result = berth(how, "health", "--format", "json", flag, NULL);
    _cleanup_(error_done) struct error err = {0};
    json_t *json = json_parse(result.out, strlen(result.out), "health", &err);
    assert_status(result, wanted);
    assert_non_null(json);
    static const char *const words[] = {"healthy", "degraded", "unhealthy"};
    assert_string_equal(json_str_at(json, "status"), words[wanted]);
    return json;
}

static const char *of(const json_t *json, const char *check, const char *what) {
    _cleanup_free_ char *path = str_printf("checks.%s.%s", check, what);
    return json_str_at(json, path);
}

/* It is this, and says so, and what mends it. */
static void check(const struct how *how, int wanted, const char *name, const char *status,
                  const char *message, const char *fix) {
    _cleanup_json_ json_t *json = health_of(how, NULL, wanted);
    assert_string_equal(of(json, name, "status"), status);
    assert_string_equal(of(json, name, "name"), name);
    assert_has(of(json, name, "message"), message);
    assert_has(of(json, name, "fix"), fix);
}

static void test_healthy(void **state) {
    (void)state;
    static const char *const names[] = {"os",
                                        "kernel_version",
                                        "config",
                                        "tool",
                                        "sessions_directory",
                                        "disk_space",
                                        "saved_sessions",
                                        "incus",
                                        "permissions",
                                        "image",
                                        "image_age",
                                        "privileged_profile",
                                        "network_bridge",
                                        "network_mode",
                                        "storage_pool",
                                        "pool_space",
                                        "subuid",
                                        "subgid",
                                        "mapping",
                                        "guard",
                                        "active_containers",
                                        "orphaned_resources"};
    _cleanup_json_ json_t *json = health_of(&world.how, NULL, 0);
    for (size_t i = 0; i < array_length(names); i++)
        assert_string_equal(of(json, names[i], "status"), "ok");
    assert_int_equal(json_int_at(json, "summary.total"), array_length(names));
    assert_int_equal(json_int_at(json, "summary.passed"), array_length(names));
    assert_int_equal(json_int_at(json, "summary.failed"), 0);
    _result_ text = berth(&world.how, "health", NULL);
    assert_has(text.out, "healthy: 22 ok, 0 warnings, 0 failed\n");
    assert_no_containers();
}

static void test_probe(void **state) {
    (void)state;
    static const char *const names[] = {
        "uid_mapping", "protected_paths",        "secret_masking",      "host_credential_isolation",
        "terminal",    "container_connectivity", "network_restriction", "launch_time"};
    _cleanup_json_ json_t *json = health_of(&world.how, "--probe", 0);
    for (size_t i = 0; i < array_length(names); i++)
        assert_string_equal(of(json, names[i], "status"), "ok");
    assert_has(of(json, "uid_mapping", "message"), "1001:1001");
    assert_no_containers();
    _result_ none = berth(&world.how, "health", "--probe", "--network", "none", NULL);
    assert_has(none.out, "none, as asked for");
    world.variables[1] = "BERTH_IMAGE=berth-small"; /* it has no tmux */
    _cleanup_json_ json_t *small = health_of(&world.how, "--probe", 1);
    world.variables[1] = NULL;
    assert_string_equal(of(small, "terminal", "status"), "warning");
    assert_no_containers();
}

static void test_ids(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 2345, 2346), *groups = read_file("/etc/subgid");
    struct how how = {.uid = 2345, .gid = 2346, .cwd = folder};
    check(&how, 2, "subuid", "failed", "2345 is not delegated",
          "echo root:2345:1 | sudo tee -a /etc/subuid");
    check(&how, 2, "mapping", "failed", "not delegated", "root:2345:1");
    _cleanup_free_ char *broken = str_printf("%sroot 5 5\n", groups);
    write_file("/etc/subgid", 0644, broken);
    check(&world.how, 1, "subgid", "warning", "1001 is delegated", "sudoedit /etc/subgid");
    write_file("/etc/subgid", 0644, groups);
    check(&world.how, 0, "subgid", "ok", "1001 is delegated", "");
}

static void test_daemon(void **state) {
    (void)state;
    struct how how = world.how;
    how.no_group = true;
    check(&how, 2, "permissions", "failed", "", "");
    how = world.how;
    how.socket = "/nowhere/unix.socket";
    check(&how, 2, "incus", "failed", "/nowhere/unix.socket", "");
    static const char body[] =
        "{\"type\":\"sync\",\"status\":\"Success\",\"status_code\":200,\"metadata\":{\"auth\":"
        "\"trusted\",\"api_extensions\":[\"etag\"],\"environment\":{\"server\":\"incus\","
        "\"server_version\":\"0.1\"}}}";
    _cleanup_free_ char *answer = str_printf("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                                             "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                                             strlen(body), body);
    struct proxy old = proxy_fake(answer);
    how.socket = old.path;
    _result_ result = berth(&how, "health", NULL);
    proxy_stop(&old);
    assert_has(result.out, "failed   incus                      Incus 0.1");
    assert_has(result.out, "its API lacks patch, instance_create_start");
}

static void test_image(void **state) {
    (void)state;
    world.variables[1] = "BERTH_IMAGE=nowhere";
    check(&world.how, 2, "image", "failed", "image \"nowhere\" not found", "images here:");
    world.variables[1] = NULL;
    check(&world.how, 0, "image", "ok", "coi", "");
}

static void test_profile(void **state) {
    (void)state;
    _result_ set = incus_command("profile", "set", "default", "security.privileged", "true", NULL);
    check(&world.how, 2, "privileged_profile", "failed", "privileged",
          "incus profile unset default security.privileged");
    _result_ unset = incus_command("profile", "unset", "default", "security.privileged", NULL);
    _result_ raw = incus_command("profile", "set", "default", "raw.idmap", "both 1001 1000", NULL);
    check(&world.how, 1, "privileged_profile", "warning", "raw.idmap",
          "incus profile unset default raw.idmap");
    _result_ without = incus_command("profile", "unset", "default", "raw.idmap", NULL);
    check(&world.how, 0, "privileged_profile", "ok", "unprivileged", "");
}

static void test_pool(void **state) {
    (void)state;
    _result_ dir = incus_command("storage", "create", "slow", "dir", NULL);
    world.variables[1] = "BERTH_STORAGE_POOL=slow";
    check(&world.how, 1, "storage_pool", "warning", "slow, dir", "incus storage create fast btrfs");
    _result_ no_dir = incus_command("storage", "delete", "slow", NULL);
    /* of btrfs the daemon knows how much is used, not how much can still be written */
    _cleanup_free_ char *small = new_folder("", 0, 0), *source = str_printf("source=%s", small),
                        *fill = str_printf("dd if=/dev/zero bs=1M of='%s/full' 2>/dev/null", small),
                        *full = str_printf("%s/full", small);
    assert_int_equal(mount("tmpfs", small, "tmpfs", 0, "size=64m"), 0);
    _result_ made = incus_command("storage", "create", "tiny", "dir", source, NULL);
    world.variables[1] = "BERTH_STORAGE_POOL=tiny";
    _result_ filled = shell_line(&(struct how){0}, fill);
    check(&world.how, 2, "pool_space", "failed", "in tiny", "makes room");
    unlink(full);
    check(&world.how, 1, "pool_space", "ok", "in tiny", "");
    _result_ removed = incus_command("storage", "delete", "tiny", NULL);
    assert_int_equal(umount2(small, MNT_DETACH), 0);
    world.variables[1] = "BERTH_STORAGE_POOL=nowhere";
    check(&world.how, 2, "storage_pool", "failed", "not found", "");
    world.variables[1] = NULL;
}

static void test_settings(void **state) {
    (void)state;
    _cleanup_free_ char *folder = str_printf("%s/.config/berth", world.home),
                        *file = str_printf("%s/config.ini", folder),
                        *line = str_printf("mkdir -p '%s'", folder),
                        *config = str_printf("XDG_CONFIG_HOME=%s/.config", world.home);
    world.variables[1] = config;
    assert_int_equal(system(line), 0);
    write_file(file, 0644, "[container]\nimage = coi\n[limits]\nmemory = lots\n");
    check(&world.how, 2, "config", "failed", "config.ini:4: memory: \"lots\" is not a size", "");
    _result_ other = berth(&world.how, "list", NULL);
    assert_status(other, 2); /* only health bears it */
    write_file(file, 0644, "[network]\nmode = open\n");
    check(&world.how, 1, "network_mode", "warning", "open", "mode = restricted");
    unlink(file);
    check(&world.how, 0, "config", "ok", "is not there", "");
    world.variables[1] = NULL;
}

static void test_left(void **state) {
    (void)state;
    world.variables[1] = "BERTH_STANDBY=1";
    _result_ filled = berth(&world.how, "standby", "fill", "--image", "berth-small", NULL);
    assert_status(filled, 0);
    _cleanup_free_ char *all = containers(), *name = str_copy_n(all, strcspn(all, "\n"));
    check(&world.how, 0, "active_containers", "ok", "0, 0 of them running", "");
    _result_ set = incus_command("config", "set", name, "user.berth.version", "0.0.0", NULL);
    check(&world.how, 1, "orphaned_resources", "warning", "1", "berth clean");
    _result_ cleaned = berth(&world.how, "clean", NULL);
    check(&world.how, 0, "orphaned_resources", "ok", "0", "");
    world.variables[1] = NULL;
    _cleanup_free_ char *record = str_printf("%s/.coi/sessions-x/y", world.home),
                        *line = str_printf(
                            "mkdir -p '%s' && echo '{' > '%s/metadata.json' && chown -R 1001:1001 "
                            "'%s/.coi'",
                            record, record, world.home),
                        *remove = str_printf("rm -r '%s/.coi'", world.home);
    assert_int_equal(system(line), 0);
    check(&world.how, 1, "saved_sessions", "warning", "0", "remove what is none of yours");
    assert_int_equal(system(remove), 0);
}

static void test_guard(void **state) {
    (void)state;
    _cleanup_free_ char *line = str_printf("cd '%s' && git init -q .", world.folder),
                        *hook = str_printf("%s/.git/hooks/pre-commit", world.folder);
    _result_ made = shell_line(&world.how, line);
    _result_ run = berth(&world.how, "run", "-q", "--", "sh", "-c",
                         "sudo umount /workspace/.git/hooks && echo x > .git/hooks/pre-commit", NULL);
    for (int i = 0; i < 50; i++) {
        _result_ guard = berth(&world.how, "guard", NULL);
        if (strstr(guard.out, "pre-commit"))
            break;
        usleep(100000);
    }
    check(&world.how, 1, "guard", "warning", "", "berth guard accept or restore");
    _result_ restored = berth(&world.how, "guard", "restore", NULL);
    check(&world.how, 0, "guard", "ok", "", "");
    assert_int_not_equal(access(hook, F_OK), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        world_test(test_healthy), world_test(test_probe),    world_test(test_ids),
        world_test(test_daemon),  world_test(test_image),    world_test(test_profile),
        world_test(test_pool),    world_test(test_settings), world_test(test_left),
        world_test(test_guard),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
