/* Plans, compared with the JSON in tests/unit/golden, and the names of instances. */
#include "base/path.h"
#include "tests/harness/scene.h"
#include "workspace/name.h"

#include <stdlib.h>
#include <string.h>

static void check(const struct scene *scene, const char *golden) {
    _cleanup_(plan_done) struct plan plan = {0};
    plan_make(&scene->input, &plan);
    _cleanup_json_ json_t *json = plan_json(&plan);
    _cleanup_free_ char *got = json_pretty(json), *file = str_printf("tests/unit/golden/%s.json", golden);
    if (getenv("BERTH_WRITE_GOLDEN")) { /* to be read before they are committed */
        _cleanup_fclose_ FILE *out = fopen(file, "w");
        assert_non_null(out);
        fprintf(out, "%s\n", got);
        return;
    }
    _cleanup_(buffer_done) struct buffer wanted = {0};
    _cleanup_(error_done) struct error err = {0};
    if (!path_read(file, &wanted, &err))
        fail_msg("%s", err.message);
    _cleanup_free_ char *line = str_printf("%s\n", got);
    assert_string_equal(line, wanted.data);
}

static void test_runner(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene = {0};
    scene_init(&scene);
    check(&scene, "runner");
}

static void test_shift(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene = {0};
    scene_init(&scene);
    scene.input.facts.host = scene.input.facts.owner = (struct idmap_ids){1000, 1000};
    scene.input.decision = idmap_decide(&scene.input.facts);
    scene.input.persistent = true;
    scene.input.language = "";
    scene.input.term = "";
    scene.input.zone = "";
    check(&scene, "shift");
}

static void test_mac(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene = {0};
    scene_init(&scene);
    scene.input.facts.host = scene.input.facts.owner = (struct idmap_ids){501, 20};
    scene.input.facts.mount_ok = IDMAP_NO;
    scene.input.facts.vm = IDMAP_VM_COLIMA;
    scene.input.decision = idmap_decide(&scene.input.facts);
    check(&scene, "mac");
}

static void test_everything(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene = {0};
    _cleanup_(error_done) struct error err = {0};
    scene_init(&scene);
    scene_set(&scene, SETTING_CPU, "2");
    scene_set(&scene, SETTING_INTERCEPT, "true");
    scene_set(&scene, SETTING_MEMORY, "2GiB");
    scene_set(&scene, SETTING_PROCESSES, "500");
    scene_set(&scene, SETTING_DISK_READ, "20MiB");
    scene_set(&scene, SETTING_DISK_WRITE, "500iops");
    scene_set(&scene, SETTING_STORAGE_POOL, "fast");
    scene_set(&scene, SETTING_IMAGE, "c477cd3dc151");
    scene_set(&scene, SETTING_CODE_USER, "worker");
    assert_true(mounts_add(&scene.mounts, "--mount", "/tmp:/data", &err));
    assert_true(mounts_add(&scene.mounts, "--mount", "/tmp:/read only:ro", &err));
    _cleanup_json_ json_t *root =
        json_pack("{s:s, s:s, s:s, s:s}", "type", "disk", "path", "/", "pool", "slow", "size", "10GiB");
    _cleanup_json_ json_t *environment = json_pack("{s:s, s:s}", "HOME", "/elsewhere", "A", "b");
    scene.input.root_device = root;
    scene.input.environment = environment;
    _cleanup_json_ json_t *nics = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}}", "eth0", "type", "nic",
                                            "network", "incusbr0", "lan", "type", "nic", "network", "lan");
    struct rules_text text = {
        .mode = "allowlist", .allow = "10.0.0.5:22, github.com:443", .ports = "", .dns = ""};
    assert_true(rules_read(&text, &scene.network.rules, &err));
    assert_true(publishes_read("--publish", "8080:80", &scene.publishes, &err));
    scene.input.nics = nics;
    scene.input.publishes = &scene.publishes;
    scene.input.not_isolated = "no range of that size is free";
    check(&scene, "everything");
}

static void test_same(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene = {0};
    scene_init(&scene);
    _cleanup_(plan_done) struct plan first = {0}, second = {0};
    plan_make(&scene.input, &first);
    plan_make(&scene.input, &second);
    assert_true(json_equal(first.body, second.body));
}

static void test_names(void **state) {
    (void)state;
    /* printf /home/dev/project | sha256sum */
    _cleanup_free_ char *name = name_of("coi-", "/home/dev/project", 3);
    assert_string_equal(name, "coi-1afbf223-3");
    unsigned int slot = 0;
    assert_true(name_parse("coi-", name, &slot));
    assert_int_equal(slot, 3);
    assert_true(name_parse("coi-", "coi-1afbf223-10", &slot));
    assert_int_equal(slot, 10);
    static const char *const others[] = {
        "coi-1afbf223-100", "coi-1afbf223-0", "coi-1afbf223-01", "coi-1afbf223",    "coi-1afbf223-",
        "coi-ABCDEF12-1",   "x-1afbf223-1",   "coi-e0d7cb4-1",   "coi-1afbf223-1x", ""};
    for (size_t i = 0; i < array_length(others); i++)
        if (name_parse("coi-", others[i], NULL))
            fail_msg("%s", others[i]);
}

static void test_slots(void **state) {
    (void)state;
    _cleanup_(strings_done) struct strings taken = {0};
    assert_int_equal(name_free_slot("p-", "/w", 1, 10, &taken), 1);
    for (unsigned int slot = 1; slot <= SESSION_SLOTS; slot++) {
        if (slot != 4)
            strings_take(&taken, name_of("p-", "/w", slot));
    }
    assert_int_equal(name_free_slot("p-", "/w", 1, 10, &taken), 4);
    assert_int_equal(name_free_slot("p-", "/w", 5, 10, &taken), 0);
    assert_int_equal(name_free_slot("p-", "/w", 5, RUN_SLOTS, &taken), 11);
    assert_int_equal(name_free_slot("p-", "/other", 1, 10, &taken), 1);
}

static void test_prefix(void **state) {
    (void)state;
    static const char *const bad[] = {
        "9x", "-x", "a b", "a_b", "a/b", "ä", "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeee"};
    _cleanup_(error_done) struct error err = {0};
    unsetenv("COI_CONTAINER_PREFIX");
    assert_string_equal(name_prefix(&err), "coi-");
    setenv("COI_CONTAINER_PREFIX", "mine-", 1);
    assert_string_equal(name_prefix(&err), "mine-");
    for (size_t i = 0; i < array_length(bad); i++) {
        setenv("COI_CONTAINER_PREFIX", bad[i], 1);
        assert_null(name_prefix(&err));
        assert_int_equal(error_status(&err), 2);
    }
    unsetenv("COI_CONTAINER_PREFIX");
}

static void check_mount(const char *text, const char *words) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    assert_true(mounts_add(&mounts, "--mount", "/tmp:/first", &err));
    if (mounts_add(&mounts, "f.ini:3", text, &err))
        fail_msg("taken: %s", text);
    if (!strstr(err.message, words))
        fail_msg("%s: %s", text, err.message);
}

static void test_mounts(void **state) {
    (void)state;
    check_mount("/tmp", "is not HOST:CONTAINER");
    check_mount(":/a", "is not HOST:CONTAINER");
    check_mount("/tmp:", "is not HOST:CONTAINER");
    check_mount("/tmp:relative", "is not HOST:CONTAINER");
    check_mount("/tmp:ro", "is not HOST:CONTAINER");
    check_mount("/tmp:/", "belongs to the container's system");
    check_mount("/tmp:/proc", "belongs to the container's system");
    check_mount("/tmp:/workspace", "/workspace overlap");
    check_mount("/tmp:/workspace/sub", "/workspace overlap");
    check_mount("/tmp:/first", "overlaps /first of --mount /tmp:/first");
    check_mount("/tmp:/first/below", "overlaps /first of --mount /tmp:/first");
    check_mount("/tmp:/x/../first/", "overlaps /first of --mount /tmp:/first");
    check_mount("/nonexistent-here:/a", "No such file");
    check_mount("/etc:/a", "is a system directory");
    check_mount("/tmp/../etc/ssl:/a", "is a system directory");
    check_mount("/tmp:/a\nb", "one line");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runner),     cmocka_unit_test(test_shift),  cmocka_unit_test(test_mac),
        cmocka_unit_test(test_everything), cmocka_unit_test(test_same),   cmocka_unit_test(test_names),
        cmocka_unit_test(test_slots),      cmocka_unit_test(test_prefix), cmocka_unit_test(test_mounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
