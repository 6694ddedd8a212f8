/*
 * The truth table: what berth predicts for a workspace, and what a container then really sees and does
 * there; for every filesystem in BERTH_TRUTH (folders of BERTH_TEST_FS) × owner × code ids × disable_shift
 * × delegation × whether kernel and daemon have idmapped mounts. A row that differs fails its filesystem.
 *
 * Each row is printed, with tabs, for tests/truth/table. BERTH_TRUTH_BRIEF leaves out what a slow machine
 * has no time for. /etc/subuid and /etc/subgid are the tests' own here (tests/run).
 */
#include "idmap/idmap.h"
#include "tests/harness/harness.h"

#include <string.h>
#include <sys/stat.h>

enum delegated { BOTH, UID_ALONE, NEITHER };
static const char *const delegated_words[] = {"both", "uid alone", "neither"};

struct row {
    const char *filesystem;
    struct idmap_ids user, owner, code;
    bool disable_shift;
    enum delegated delegated;
    bool feature; /* idmapped mounts, of kernel and daemon */
};

/* What is predicted, or came out: "refused", or how, and what is seen and made. */
struct outcome {
    char method[32], seen[32], made[32]; /* made: "" if it cannot be written */
};

static bool brief(void) {
    return !str_empty(getenv("BERTH_TRUTH_BRIEF"));
}

static void delegate(const struct row *row) {
    _cleanup_free_ char *uids = str_printf("root:1000000:1000000000\nroot:%u:1\n", row->user.uid),
                        *gids = str_printf("root:1000000:1000000000\nroot:%u:1\n", row->user.gid);
    const char *none = "root:1000000:1000000000\n";
    write_file("/etc/subuid", 0644, row->delegated == NEITHER ? none : uids);
    write_file("/etc/subgid", 0644, row->delegated == BOTH ? gids : none);
}

static const char *variable(char *room, size_t size, const char *name, unsigned int value) {
    snprintf(room, size, "%s=%u", name, value);
    return room;
}

/* A group of the container's own range has no number that could be known before. */
static void ids_text(char *room, size_t size, long uid, long gid, bool gid_known) {
    if (gid_known)
        snprintf(room, size, "%ld:%ld", uid, gid);
    else
        snprintf(room, size, "%ld:range", uid);
}

static struct outcome read_decision(const json_t *decision) {
    struct outcome outcome = {"", "", ""};
    const json_t *view = json_at(decision, "predicted"), *gid = json_at(view, "new_gid");
    snprintf(outcome.method, sizeof outcome.method, "%s", json_str_at(decision, "method"));
    if (!view)
        return outcome;
    ids_text(outcome.seen, sizeof outcome.seen, (long)json_int_at(view, "uid"),
             (long)json_int_at(view, "gid"), true);
    if (json_bool_at(view, "writable"))
        ids_text(outcome.made, sizeof outcome.made, (long)json_int_at(view, "new_uid"),
                 (long)json_integer_value(gid), json_is_integer(gid));
    return outcome;
}

/* What is decided, and what is to be done if the filesystem does not take idmapped mounts: one, or both. */
static size_t predict(const struct how *how, const char *folder, struct outcome outcomes[2]) {
    _cleanup_(error_done) struct error err = {0};
    _result_ result = berth(how, "idmap", "--format", "json", folder, NULL);
    _cleanup_json_ json_t *json = json_parse(result.out, result.out_size, "berth idmap", &err);
    assert_non_null(json);
    const json_t *otherwise = json_at(json, "otherwise");
    outcomes[0] = read_decision(json_at(json, "decision"));
    if (otherwise)
        outcomes[1] = read_decision(otherwise);
    return otherwise ? 2 : 1;
}

#define LOOK "stat -c %u:%g /workspace; touch /workspace/made 2>/dev/null; cat /proc/self/uid_map"

/* Whether this host uid alone was put at the place of the code uid. */
static bool is_punched(const char *map, const struct row *row) {
    unsigned int inside, host, size;
    for (const char *line = strchr(map, '\n'); line && line[1]; line = strchr(line + 1, '\n'))
        if (sscanf(line, "%u %u %u", &inside, &host, &size) == 3 && inside == row->code.uid &&
            host == row->user.uid && size == 1)
            return true;
    return false;
}

static struct outcome launch(const struct how *how, const struct row *row, const char *folder) {
    struct outcome outcome = {"refused", "", ""};
    _result_ result = berth(how, "run", "-w", folder, "--network", "open", "--image", "berth-small", "--",
                            "sh", "-c", LOOK, NULL);
    if (result.status == 4)
        return outcome;
    assert_status(result, 0);
    snprintf(outcome.method, sizeof outcome.method, "%s", is_punched(result.out, row) ? "raw" : "shift");
    snprintf(outcome.seen, sizeof outcome.seen, "%.*s", (int)strcspn(result.out, "\n"), result.out);
    _cleanup_free_ char *made = str_printf("%s/made", folder);
    struct stat info;
    if (lstat(made, &info) == 0) /* the container's own range begins far above all users */
        ids_text(outcome.made, sizeof outcome.made, info.st_uid, info.st_gid, info.st_gid < 1000000);
    return outcome;
}

static void print_row(const struct row *row, const struct outcome *predicted, const struct outcome *real,
                      const char *verdict) {
    const char *where = str_empty(getenv("BERTH_VM")) ? "" : " (Lima)";
    printf("row\t%s%s\t%u:%u\t%u:%u\t%u:%u\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row->filesystem, where,
           row->user.uid, row->user.gid, row->owner.uid, row->owner.gid, row->code.uid, row->code.gid,
           row->disable_shift ? "off" : "on", delegated_words[row->delegated], row->feature ? "yes" : "no",
           real->method, real->seen, real->made, verdict);
    if (!str_equal(verdict, "same"))
        printf("    predicted: %s, seen as %s, new files %s\n", predicted->method, predicted->seen,
               predicted->made);
}

static bool is_same(const struct outcome *a, const struct outcome *b) {
    return str_equal(a->method, b->method) && str_equal(a->seen, b->seen) && str_equal(a->made, b->made);
}

/* A filesystem whose support is unknown may turn out either way: both are predicted. */
static bool check_row(const struct row *row) {
    char uid[32], gid[32], shift[32];
    const char *const variables[] = {
        variable(uid, sizeof uid, "BERTH_CODE_UID", row->code.uid),
        variable(gid, sizeof gid, "BERTH_CODE_GID", row->code.gid),
        variable(shift, sizeof shift, "BERTH_DISABLE_SHIFT", row->disable_shift), "BERTH_CODE_USER=worker",
        NULL};
    struct how how = {.uid = row->user.uid, .gid = row->user.gid, .variables = variables};
    _cleanup_free_ char *folder = new_folder(row->filesystem, row->owner.uid, row->owner.gid);
    struct outcome predicted[2];
    delegate(row);
    size_t count = predict(&how, folder, predicted);
    struct outcome real = launch(&how, row, folder);
    bool same = is_same(&predicted[0], &real) || (count == 2 && is_same(&predicted[1], &real));
    print_row(row, &predicted[0], &real, same ? "same" : "DIFFERS");
    return same;
}

struct people {
    struct idmap_ids user, owner;
    bool brief; /* on a slow machine too */
};
static const struct people people[] = {
    {{1000, 1000}, {1000, 1000}, true},  {{1001, 1001}, {1001, 1001}, true},
    {{501, 20}, {501, 20}, true},        {{501, 501}, {501, 501}, true},
    {{1000, 100}, {1000, 100}, false},                            /* the gid alone differs */
    {{1001, 1001}, {1000, 1000}, false},                          /* somebody else's */
    {{1000, 1000}, {0, 0}, false},       {{0, 0}, {0, 0}, false}, /* root, whose the workspace is */
};
static const struct idmap_ids codes[] = {{1000, 1000}, {1001, 1001}};

static void check_filesystem(const char *filesystem, bool feature) {
    size_t differ = 0;
    for (size_t i = 0; i < array_length(people); i++)
        for (size_t code = 0; code < (brief() ? 1 : array_length(codes)); code++)
            for (int disabled = 0; disabled < 2; disabled++)
                for (int delegated = BOTH; delegated <= NEITHER; delegated += brief() ? NEITHER : 1) {
                    struct row row = {filesystem,  people[i].user, people[i].owner,
                                      codes[code], disabled != 0,  (enum delegated)delegated,
                                      feature};
                    if (!brief() || people[i].brief)
                        differ += !check_row(&row);
                }
    if (differ)
        fail_msg("%s: %zu rows differ", filesystem, differ);
}

static void check_all(bool feature) {
    _cleanup_free_ char *names = str_copy(getenv("BERTH_TRUTH") ? getenv("BERTH_TRUTH") : "");
    char *rest = names;
    bool any = false;
    for (char *name; (name = strsep(&rest, " "));) {
        if (!*name)
            continue;
        any = true;
        check_filesystem(name, feature);
    }
    assert_true(any);
}

static void test_with_idmapped_mounts(void **state) {
    (void)state;
    check_all(true);
}

/* The daemon is told not to use them, as where the kernel has none. */
static void test_without_idmapped_mounts(void **state) {
    (void)state;
    setenv("INCUS_IDMAPPED_MOUNTS_DISABLE", "1", 1);
    private_daemon_kill();
    private_daemon_up();
    check_all(false);
}

int main(void) {
    const struct CMUnitTest with[] = {cmocka_unit_test(test_with_idmapped_mounts)},
                            without[] = {cmocka_unit_test(test_without_idmapped_mounts)};
    if (!str_equal(getenv("BERTH_TEST_MOUNTS"), "own")) {
        fprintf(stderr, "these tests change /etc/subuid: they run under tests/run, which has its own\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int failed = cmocka_run_group_tests(with, group_setup, NULL);
    return brief() ? failed : failed + cmocka_run_group_tests(without, NULL, group_teardown);
}
