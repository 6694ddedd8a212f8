/* berth list and berth idmap: what is there, berth's own and what coi or the incus command made. */
#include "tests/harness/harness.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

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

/* A container as coi makes one: its name, its device, no keys of berth's. */
static char *make_foreign(const char *slot) {
    char *name = str_printf("%s0123abcd-%s", getenv("COI_CONTAINER_PREFIX"), slot);
    _cleanup_free_ char *source = str_printf("source=%s", folder);
    _result_ made =
        incus_command("init", "berth-small", name, "-e", "-c", "raw.idmap=both 1001 1000", NULL);
    _result_ device = incus_command("config", "device", "add", name, "workspace", "disk", source,
                                    "path=/workspace", NULL);
    _result_ started = incus_command("start", name, NULL);
    return name;
}

static const json_t *row_named(const json_t *list, const char *name) {
    size_t index;
    json_t *row;
    json_array_foreach(json_at(list, "active_containers"), index, row) {
        if (str_equal(json_str_at(row, "name"), name))
            return row;
    }
    fail_msg("%s is not in the list", name);
    return NULL;
}

static void test_empty(void **state) {
    (void)state;
    _result_ text = berth(&how, "list", NULL);
    assert_status(text, 0);
    assert_string_equal(text.out, "Active Containers:\n  (none)\n");
    _result_ json = berth(&how, "list", "--format", "json", NULL);
    _cleanup_json_ json_t *list = json_loads(json.out, 0, NULL);
    assert_int_equal(json_array_size(json_at(list, "active_containers")), 0);
    assert_null(json_at(list, "saved_sessions"));
}

static void test_rows(void **state) {
    (void)state;
    _cleanup_free_ char *foreign = make_foreign("2");
    _result_ kept = berth(&how, "run", SMALL, "--persistent", "--", "true", NULL);
    assert_status(kept, 0);
    _result_ text = berth(&how, "list", NULL);
    assert_status(text, 0);
    assert_true(str_starts(text.out, "Active Containers:\n"));
    _cleanup_free_ char *head = str_printf("  %s (ephemeral)\n    Status: Running\n", foreign),
                        *workspace = str_printf("    Workspace: %s\n", folder);
    assert_has(text.out, head);
    assert_has(text.out, workspace);
    assert_has(text.out, "(persistent)\n");
    assert_has(text.out, "    Image: berth-small\n");
    assert_has(text.out, "    Mapping: raw both 1001 1000\n");
    _result_ json = berth(&how, "list", "--format=json", NULL);
    _cleanup_json_ json_t *list = json_loads(json.out, 0, NULL);
    const json_t *row = row_named(list, foreign);
    assert_string_equal(json_str_at(row, "status"), "Running");
    assert_string_equal(json_str_at(row, "workspace"), folder);
    assert_string_equal(json_str_at(row, "idmap.method"), "raw");
    assert_string_equal(json_str_at(row, "idmap.raw"), "both 1001 1000");
    assert_false(json_bool_at(row, "idmap.shift"));
    assert_false(json_bool_at(row, "persistent"));
    assert_int_equal(json_int_at(row, "slot"), 2);
    assert_true(json_is_integer(json_at(row, "uptime")));
    assert_true(json_is_string(json_at(row, "ipv4")));
    assert_string_equal(json_str_at(row, "image"), "berth small test image");
    remove_containers();
}

/* An address shows once the container has one. */
static void test_address(void **state) {
    (void)state;
    char *argv[] = {"berth",
                    "run",
                    "-q",
                    "--",
                    "sh",
                    "-c",
                    "until ip -4 addr show eth0 | grep -q inet; do sleep 0.1; done; echo up; sleep 100",
                    NULL};
    struct child child = berth_start(&how, argv);
    child_expect(&child, "up\n");
    _result_ json = berth(&how, "list", "--format=json", NULL);
    _result_ text = berth(&how, "list", NULL);
    kill(child.pid, SIGTERM);
    _result_ ended = child_wait(&child);
    assert_has(text.out, "    IPv4: 10.");
    _cleanup_json_ json_t *list = json_loads(json.out, 0, NULL);
    assert_true(
        str_starts(json_str_at(json_array_get(json_at(list, "active_containers"), 0), "ipv4"), "10."));
}

static void write_record(const char *home, const char *tool, const char *id, const char *content) {
    _cleanup_free_ char *coi = str_printf("%s/.coi", home),
                        *sessions = str_printf("%s/sessions-%s", coi, tool),
                        *session = str_printf("%s/%s", sessions, id),
                        *file = str_printf("%s/metadata.json", session);
    mkdir(coi, 0755);
    mkdir(sessions, 0755);
    mkdir(session, 0755);
    FILE *out = fopen(file, "w");
    assert_non_null(out);
    fputs(content, out);
    fclose(out);
}

static void test_saved(void **state) {
    (void)state;
    _cleanup_free_ char *home = new_folder("", 1001, 1001), *variable = str_printf("HOME=%s", home);
    const char *const variables[] = {variable, NULL};
    struct how with = how;
    with.variables = variables;
    write_record(
        home, "claude", "11111111-aaaa",
        "{\"session_id\": \"11111111-aaaa\", \"container_name\": \"coi-0123abcd-1\", \"persistent\": true, "
        "\"workspace\": \"/home/dev/x\", \"saved_at\": \"2026-01-02T03:04:05Z\", \"more\": [1]}");
    write_record(home, "claude", "22222222-bbbb", "{\"session_id\": ");
    write_record(home, "other", "33333333-cccc",
                 "{\"session_id\": \"33333333-cccc\", \"saved_at\": \"2026-02-02T03:04:05Z\"}");
    _result_ json = berth(&with, "list", "--all", "--format", "json", NULL);
    assert_status(json, 0);
    assert_has(json.err, "not a session record: ");
    assert_has(json.err, "22222222-bbbb/metadata.json is not JSON");
    _cleanup_json_ json_t *list = json_loads(json.out, 0, NULL);
    const json_t *saved = json_at(list, "saved_sessions");
    assert_int_equal(json_array_size(saved), 2);
    assert_string_equal(json_str_at(json_array_get(saved, 0), "id"), "33333333-cccc");
    assert_string_equal(json_str_at(json_array_get(saved, 1), "container"), "coi-0123abcd-1");
    assert_true(json_bool_at(json_array_get(saved, 1), "persistent"));
    _result_ text = berth(&with, "list", "--all", NULL);
    assert_has(text.out, "Saved Sessions:\n  33333333-cccc (ephemeral)\n");
}

/* coi's ephemeral containers are ordinary ones to Incus: their records say what they are. */
static void test_of_coi(void **state) {
    (void)state;
    _cleanup_free_ char *home = new_folder("", 1001, 1001), *variable = str_printf("HOME=%s", home),
                        *first = str_printf("%s0123abcd-4", getenv("COI_CONTAINER_PREFIX")),
                        *second = str_printf("%s0123abcd-5", getenv("COI_CONTAINER_PREFIX"));
    const char *const variables[] = {variable, NULL};
    struct how with = how;
    with.variables = variables;
    _result_ made = incus_command("init", "-q", "berth-small", first, NULL);
    _result_ also = incus_command("init", "-q", "berth-small", second, NULL);
    _cleanup_free_ char *record = str_printf("{\"session_id\": \"a\", \"container_name\": \"%s\", "
                                             "\"persistent\": false, \"saved_at\": \"2026\"}",
                                             first),
                        *ephemeral = str_printf("  %s (ephemeral)\n", first),
                        *persistent = str_printf("  %s (persistent)\n", second);
    write_record(home, "claude", "a", record);
    _result_ text = berth(&with, "list", NULL);
    assert_has(text.out, ephemeral);
    assert_has(text.out, persistent); /* nothing says what it is: it is kept */
    remove_containers();
}

static void test_idmap_of_container(void **state) {
    (void)state;
    _cleanup_free_ char *foreign = make_foreign("3");
    _result_ text = berth(&how, "idmap", foreign, NULL);
    assert_status(text, 0);
    assert_has(text.out, "raw.idmap   both 1001 1000\n");
    assert_has(text.out, "seen        1000:1000 inside, where code is 1000:1000: as predicted\n");
    _result_ json = berth(&how, "idmap", foreign, "--format", "json", NULL);
    _cleanup_json_ json_t *value = json_loads(json.out, 0, NULL);
    assert_true(json_bool_at(value, "holds"));
    assert_int_equal(json_int_at(value, "owner.uid"), 1001);
    assert_int_equal(json_int_at(value, "predicted.uid"), 1000);
    assert_true(json_array_size(json_at(value, "current")) >= 3);
    assert_string_equal(json_str_at(json_array_get(json_at(value, "disks"), 0), "source"), folder);
    /* the owner changes under it: the map still holds, but code owns it no more */
    assert_int_equal(chown(folder, 1003, 1003), 0);
    _result_ changed = berth(&how, "idmap", foreign, NULL);
    assert_int_equal(chown(folder, 1001, 1001), 0);
    assert_status(changed, 1);
    assert_has(changed.out, "predicted inside as 65534:65534");
    assert_has(changed.out, "warning     /workspace does not belong to code inside");
    remove_containers();
}

/* raw.idmap that was changed on a running container is not what it has. */
static void test_idmap_not_in_force(void **state) {
    (void)state;
    _cleanup_free_ char *foreign = make_foreign("4");
    _result_ changed = incus_command("config", "set", foreign, "raw.idmap=both 501 1000", NULL);
    _result_ text = berth(&how, "idmap", foreign, NULL);
    assert_has(text.out, "raw.idmap   both 501 1000\n");
    assert_has(text.out, "both 1000-1000 inside = 1001-1001 on the host");
    assert_has(text.out, "as predicted");
    remove_containers();
}

static void test_idmap_unknown(void **state) {
    (void)state;
    _result_ name = berth(&how, "idmap", "nothing-here", NULL);
    assert_status(name, 1);
    assert_has(name.err, "nothing-here not found: neither a directory nor a container");
    _result_ climbing = berth(&how, "idmap", "..%2f..", NULL);
    assert_int_not_equal(climbing.status, 0);
    _result_ json = berth(&how, "idmap", "nothing-here", "--format", "json", NULL);
    _cleanup_json_ json_t *error = json_loads(json.err, 0, NULL);
    assert_string_equal(json_str_at(error, "error.class"), "failed");
    assert_int_equal(json_int_at(error, "error.status"), 1);
    assert_string_equal(json.out, "");
}

/* Without a daemon the decision stands, and says what it does not know. */
static void test_idmap_without_daemon(void **state) {
    (void)state;
    struct how away = how;
    away.socket = "/nonexistent";
    _result_ text = berth(&away, "idmap", NULL);
    assert_status(text, 0);
    assert_has(text.out, "raw.idmap both 1001 1000");
    assert_has(text.out, "daemon: unknown");
    assert_has(text.err, "no Incus socket at /nonexistent");
}

static void test_help(void **state) {
    (void)state;
    _result_ help = berth(&how, "help", NULL), run = berth(&how, "run", "--help", NULL),
             same = berth(&how, "help", "run", NULL), none = berth(&how, NULL),
             version = berth(&how, "version", NULL);
    assert_status(help, 0);
    assert_status(run, 0);
    assert_string_equal(run.out, same.out);
    assert_has(run.out, "--disk-write RATE");
    assert_has(help.out, "exit status");
    assert_has(version.out, "berth ");
    assert_int_equal(none.status == 0 || none.status == 2, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        live_test(test_empty),
        live_test(test_rows),
        live_test(test_address),
        live_test(test_of_coi),
        live_test(test_saved),
        live_test(test_idmap_of_container),
        live_test(test_idmap_not_in_force),
        live_test(test_idmap_unknown),
        live_test(test_idmap_without_daemon),
        live_test(test_help),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
