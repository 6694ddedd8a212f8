/* Of what kind a run's standby container is, and what is no longer wanted. */
#include "launch/standby.h"

#include "base/version.h"
#include "launch/label.h"
#include "tests/harness/scene.h"

#include <string.h>

struct run {
    struct scene scene;
    struct launch_request request;
    struct prepared prepared;
};

static void run_init(struct run *run) {
    _cleanup_(error_done) struct error err = {0};
    *run = (struct run){0};
    unsetenv("BERTH_STANDBY");
    scene_init(&run->scene);
    assert_true(settings_parse(&run->scene.settings, "config.ini", "[container]\nstandby = 3\n", &err));
    run->request.settings = &run->scene.settings;
    run->prepared = (struct prepared){.request = &run->request,
                                      .prefix = "coi-",
                                      .fingerprint = str_copy("0123456789ab"),
                                      .daemon = 77,
                                      .profile = json_pack("{s:{}}", "config")};
    run->scene.input.guard = &run->prepared.guard;
}

static void run_done(struct run *run) {
    prepared_done(&run->prepared);
    scene_done(&run->scene);
}

static void kind_of(const struct run *run, struct standby_kind *kind) {
    _cleanup_(plan_done) struct plan plan = {0};
    plan_make(&run->scene.input, &plan);
    standby_kind_make(&run->prepared, &plan, kind);
}

/* Whether a change of the scene makes another kind of it. */
static void check_kind(void (*change)(struct run *run), bool other) {
    _cleanup_(run_done) struct run before, after;
    _cleanup_(standby_kind_done) struct standby_kind first = {0}, second = {0};
    run_init(&before);
    run_init(&after);
    change(&after);
    kind_of(&before, &first);
    kind_of(&after, &second);
    assert_int_equal(!str_equal(first.digest, second.digest), other);
    assert_int_equal(!str_equal(first.stem, second.stem), other);
}

static void workspace(struct run *run) {
    run->scene.input.workspace = run->scene.input.source = "/home/dev/other";
    run->scene.input.slot = 7;
    run->scene.input.launch_id = "1";
    run->scene.input.owner = "owner";
}
static void limits(struct run *run) {
    scene_set(&run->scene, SETTING_MEMORY, "1GiB");
    scene_set(&run->scene, SETTING_CPU, "2");
    scene_set(&run->scene, SETTING_PROCESSES, "100");
}
static void flags(struct run *run) {
    scene_set(&run->scene, SETTING_IMAGE, "coi"); /* the same by another way */
}
static void mapping(struct run *run) {
    snprintf(run->scene.input.decision.raw, sizeof run->scene.input.decision.raw, "both 1002 1000");
}
static void user(struct run *run) {
    run->scene.input.facts.host.uid = 1002;
}
static void image(struct run *run) {
    str_set(&run->prepared.fingerprint, "ba9876543210");
}
static void network(struct run *run) {
    str_set(&run->scene.network.name, "berth-876543210");
    json_object_set_new(run->prepared.profile, "devices", json_object());
}
static void interception(struct run *run) {
    scene_set(&run->scene, SETTING_INTERCEPT, "true");
}
static void member(struct run *run) {
    str_set(&run->prepared.member, "nodeb");
}

static void test_kind(void **state) {
    (void)state;
    check_kind(workspace, false);
    check_kind(limits, false);
    check_kind(flags, false);
    check_kind(mapping, true);
    check_kind(user, true);
    check_kind(image, true);
    check_kind(network, true);
    check_kind(interception, true);
    check_kind(member, true);
}

/* It has nothing of the run in it, and all that the run is promised. */
static void test_body(void **state) {
    (void)state;
    _cleanup_(run_done) struct run run;
    _cleanup_(standby_kind_done) struct standby_kind kind = {0};
    run_init(&run);
    run.scene.input.owner = "owner";
    kind_of(&run, &kind);
    const json_t *config = json_at(kind.body, "config"), *devices = json_at(kind.body, "devices");
    assert_string_equal(json_get_str(config, "raw.idmap"), "both 1001 1000");
    assert_string_equal(json_get_str(config, "security.privileged"), "false");
    assert_string_equal(json_get_str(config, "security.idmap.isolated"), "true");
    static const char *const runs[] = {LABEL_LAUNCH, LABEL_OWNER, LABEL_WORKSPACE, LABEL_SLOT};
    for (size_t i = 0; i < array_length(runs); i++)
        assert_string_equal(json_get_str(config, runs[i]), "");
    assert_null(json_object_get(devices, WORKSPACE_DEVICE));
    assert_non_null(json_object_get(devices, "eth0"));
    assert_true(json_bool_at(kind.body, "start"));
    assert_true(json_bool_at(kind.body, "ephemeral"));
    assert_string_equal(json_str_at(kind.body, "source.fingerprint"), "0123456789ab");
    assert_int_equal(kind.wanted, 3);
    assert_false(kind.by_hand);
}

/* One that was made by the scene, `seconds` ago, with one key of its config set otherwise. */
static struct instance made(const struct standby_kind *kind, int64_t seconds, const char *key,
                            const char *value) {
    time_t then = (time_t)(1800000000 - seconds);
    struct tm tm;
    char created[40];
    struct instance instance = {0};
    strftime(created, sizeof created, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&then, &tm));
    _cleanup_json_ json_t *config = json_copy(json_at(kind->body, "config"));
    json_object_set_new(config, "volatile.base_image", json_string(kind->fingerprint));
    if (key)
        json_object_set_new(config, key, json_string(value));
    _cleanup_json_ json_t *json =
        json_pack("{s:s, s:s, s:s, s:b, s:O, s:{}}", "name", "coi-0123abcd-101", "status", "Running",
                  "created_at", created, "ephemeral", 1, "expanded_config", config, "expanded_devices");
    assert_true(instance_read(&instance, json));
    return instance;
}

static void check_stale(int64_t seconds, const char *key, const char *value, const char *why, bool ready) {
    _cleanup_(run_done) struct run run;
    _cleanup_(standby_kind_done) struct standby_kind kind = {0};
    run_init(&run);
    kind_of(&run, &kind);
    _cleanup_(instance_done) struct instance instance = made(&kind, seconds, key, value);
    const char *stale = standby_stale(&instance, &kind, 1800000000);
    if (why)
        assert_string_equal(stale, why);
    else
        assert_null(stale);
    assert_int_equal(standby_is_ready(&instance, &kind, 1800000000), ready);
}

static void test_stale(void **state) {
    (void)state;
    check_stale(10, NULL, NULL, NULL, true);
    check_stale(86399, NULL, NULL, NULL, true);
    check_stale(86400, NULL, NULL, "older than a day", false);
    check_stale(10, LABEL_LAUNCH, "another's", NULL, false);
    check_stale(10, LABEL_LAUNCH, STANDBY_RETIRED, "it is being removed", false);
    check_stale(10, LABEL_VERSION, "0.0.0", "made by another version of berth", false);
    check_stale(10, LABEL_DAEMON, "76", "made before the daemon's last start", false);
    check_stale(10, "volatile.base_image", "ba98", "the image has changed", false);
    check_stale(10, LABEL_HOST, "1002:1002", NULL, true); /* its digest says that it is ours */
    check_stale(10, LABEL_STANDBY, "other", NULL, false);
    check_stale(10, LABEL_SETTINGS, "0000000000000000:1111111111111111", NULL, true); /* another file's */
    _cleanup_(run_done) struct run run;
    _cleanup_(standby_kind_done) struct standby_kind kind = {0};
    run_init(&run);
    kind_of(&run, &kind);
    _cleanup_free_ char *changed = str_printf("%.16s:1111111111111111", kind.settings);
    check_stale(10, LABEL_SETTINGS, changed, "the settings have changed", false);
}

/* What a claim changes: the run's keys are set, the standby's own go. */
static void test_claim(void **state) {
    (void)state;
    _cleanup_(run_done) struct run run;
    _cleanup_(standby_kind_done) struct standby_kind kind = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    run_init(&run);
    kind_of(&run, &kind);
    _cleanup_(instance_done) struct instance instance = made(&kind, 10, NULL, NULL);
    json_object_set(instance.json, "config", (json_t *)instance.config);
    run.scene.input.owner = "owner";
    scene_set(&run.scene, SETTING_MEMORY, "1GiB");
    plan_make(&run.scene.input, &plan);
    _cleanup_json_ json_t *config = standby_config(&instance, &plan),
                          *devices = standby_devices(&run.prepared, &plan);
    assert_string_equal(json_get_str(config, LABEL_OWNER), "owner");
    assert_string_equal(json_get_str(config, LABEL_WORKSPACE), "/home/dev/work app");
    assert_string_equal(json_get_str(config, "limits.memory"), "1GiB");
    assert_non_null(json_object_get(config, "limits.cpu.allowance"));
    assert_string_equal(json_get_str(config, "limits.cpu.allowance"), "");
    assert_null(json_object_get(config, "raw.idmap"));
    assert_string_equal(json_get_str(json_at(devices, WORKSPACE_DEVICE), "source"), "/data/work app");
    assert_null(json_object_get(devices, "eth0"));
}

static void test_unfit(void **state) {
    (void)state;
    _cleanup_(run_done) struct run run;
    run_init(&run);
    assert_null(standby_unfit(&run.prepared, false));
    assert_non_null(strstr(standby_unfit(&run.prepared, true), "hook"));
    run.prepared.apparmor = true;
    assert_non_null(strstr(standby_unfit(&run.prepared, false), "AppArmor"));
    run.prepared.apparmor = false;
    run.request.slot = 2;
    assert_non_null(strstr(standby_unfit(&run.prepared, false), "--slot"));
    run.request.slot = 0;
    run.request.shell = true;
    assert_non_null(strstr(standby_unfit(&run.prepared, false), "a name of its own"));
    run.request.shell = false;
    guard_add_root(&run.prepared.guard, "/home/dev/app/repository", "/workspace/repository", true);
    assert_non_null(strstr(standby_unfit(&run.prepared, false), "guarded"));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kind), cmocka_unit_test(test_body),
                                       cmocka_unit_test(test_stale), cmocka_unit_test(test_claim),
                                       cmocka_unit_test(test_unfit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
