/* What the screen knows, without a terminal and without a daemon. */
#include "tests/harness/unit.h"
#include "ui/state/folders.h"
#include "ui/state/list.h"
#include "ui/state/log.h"
#include "ui/state/mapping.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define PREFIX "coi-"
#define FIRST  PREFIX "aaaaaaaa-1"
#define SECOND PREFIX "bbbbbbbb-2"
#define OTHER  "somebody-elses"

static void store_init(struct store *store) {
    *store = (struct store){.prefix = PREFIX, .records = {.loaded = true}};
}

static void take(struct store *store, const char *name, const char *status, const char *workspace) {
    _cleanup_json_ json_t *json =
        json_pack("{s:s, s:s, s:s, s:s, s:b, s:{s:s, s:s, s:s}, s:{}}", "name", name, "status", status,
                  "created_at", "2026-01-01T00:00:00Z", "type", "container", "ephemeral", 0,
                  "expanded_config", "raw.idmap", "both 1001 1000", "user.berth.workspace", workspace,
                  "user.berth.persistent", "true", "expanded_devices");
    store_take(store, json);
}

/* Three rows, one of them no session. */
static void take_three(struct store *store) {
    store_list_begin(store);
    store->records.loaded = true;
    take(store, FIRST, "Running", "/w/b");
    take(store, SECOND, "Stopped", "/w/a");
    take(store, OTHER, "Running", "");
    store_list_end(store);
}

static void fill(struct store *store) {
    store_init(store);
    take_three(store);
}

static void test_store_list(void **state) {
    (void)state;
    _cleanup_(store_done) struct store store;
    fill(&store);
    assert_true(store.complete);
    assert_int_equal(store.count, 3);
    const struct store_row *row = store_find(&store, SECOND);
    assert_int_equal(row->session.slot, 2);
    assert_true(row->session.persistent);
    assert_int_equal(row->session.method, IDMAP_RAW);
    assert_true(store_find(&store, OTHER)->session.foreign);
    assert_null(store_find(&store, "nobody"));
    /* the next list no longer has the second one; a row that stays is the same */
    const struct store_row *first = store_find(&store, FIRST);
    store_list_begin(&store);
    take(&store, FIRST, "Stopped", "/w/b");
    store_list_end(&store);
    assert_int_equal(store.count, 1);
    assert_ptr_equal(store_find(&store, FIRST), first);
    assert_string_equal(first->session.status, "Stopped");
    /* what is no instance is left out */
    _cleanup_json_ json_t *none = json_pack("{s:i}", "name", 7);
    store_take(&store, none);
    assert_int_equal(store.count, 1);
}

static enum store_wants lifecycle(struct store *store, const char *action, const char *source,
                                  const char *name) {
    _cleanup_json_ json_t *metadata = json_pack("{s:s, s:s}", "action", action, "source", source);
    _cleanup_free_ char *got = NULL;
    enum store_wants wants = store_lifecycle(store, metadata, &got);
    assert_true(str_equal(got, name));
    return wants;
}

static void test_store_events(void **state) {
    (void)state;
    _cleanup_(store_done) struct store store;
    fill(&store);
    const char *url = "/1.0/instances/" FIRST "?project=default";
    assert_int_equal(lifecycle(&store, "instance-started", url, FIRST), STORE_WANTS_INSTANCE);
    assert_int_equal(lifecycle(&store, "instance-exec", url, NULL), STORE_WANTS_NOTHING);
    assert_int_equal(lifecycle(&store, "image-created", "/1.0/images/x", NULL), STORE_WANTS_NOTHING);
    assert_int_equal(lifecycle(&store, "instance-renamed", url, FIRST), STORE_WANTS_LIST);
    assert_int_equal(lifecycle(&store, "instance-created", "garbage", NULL), STORE_WANTS_LIST);
    assert_int_equal(lifecycle(&store, "instance-deleted", url, FIRST), STORE_WANTS_NOTHING);
    assert_null(store_find(&store, FIRST));
}

static bool operation(struct store *store, const char *id, int code) {
    _cleanup_json_ json_t *metadata =
        json_pack("{s:s, s:s, s:i, s:{s:[s]}}", "description", "Stopping instance", "id", id, "status_code",
                  code, "resources", "instances", "/1.0/instances/" FIRST);
    return store_operation(store, metadata);
}

/* A row is busy for as long as the operation that made it so; another one's end is not its own. */
static void test_store_operations(void **state) {
    (void)state;
    _cleanup_(store_done) struct store store;
    fill(&store);
    const struct store_row *row = store_find(&store, FIRST);
    assert_true(operation(&store, "one", 103));
    assert_string_equal(row->busy, "stop");
    assert_false(operation(&store, "two", 200));
    assert_string_equal(row->busy, "stop");
    assert_true(operation(&store, "one", 200));
    assert_null(row->busy);
    assert_true(operation(&store, "three", 103));
    store_lost(&store, &(struct error){.class = ERROR_DAEMON, .message = (char *)"it went away"});
    assert_null(row->busy);
    assert_int_equal(store.link, LINK_AWAY);
    assert_int_equal(store.count, 3);
}

/* One more daemon, with the three rows. Lent. */
static struct store *filled(struct daemons *daemons, const char *remote) {
    _cleanup_(endpoint_done) struct endpoint endpoint = {.socket = remote ? NULL : str_copy("/s"),
                                                         .remote = str_copy(remote),
                                                         .url = remote ? str_copy("https://h:1") : NULL};
    struct store *store = &daemons_add(daemons, remote, incus_new(NULL, &endpoint, ""), PREFIX)->store;
    take_three(store);
    return store;
}

/* The cursor stays on its name whatever comes, goes and is sorted; the filter is for every field. */
static void test_list(void **state) {
    (void)state;
    _cleanup_(daemons_done) struct daemons daemons = {0};
    struct store *store = filled(&daemons, NULL);
    struct list list;
    list_init(&list, &daemons);
    list_refresh(&list);
    assert_int_equal(list.count, 2);
    assert_string_equal(list_current(&list)->session.name, SECOND); /* /w/a */
    list.reverse = true;
    list_refresh(&list);
    assert_string_equal(list_current(&list)->session.name, SECOND);
    assert_int_equal(list.cursor, 1);
    list.foreign = true;
    list_refresh(&list);
    assert_int_equal(list.count, 3);
    list_filter(&list, "RUNN");
    assert_int_equal(list.count, 2);
    list_filter(&list, "no such thing");
    assert_int_equal(list.count, 0);
    assert_null(list_current(&list));
    list_filter(&list, "");
    list_move(&list, -100);
    assert_int_equal(list.cursor, 0);
    list_move(&list, 100);
    assert_int_equal(list.cursor, 2);
    list_show(&list, FIRST);
    store_remove(store, FIRST);
    list_refresh(&list);
    assert_non_null(list_current(&list));
    list_done(&list);
}

static void test_marks(void **state) {
    (void)state;
    _cleanup_(daemons_done) struct daemons daemons = {0};
    struct store *store = filled(&daemons, NULL);
    _cleanup_(strings_done) struct strings chosen = {0}, marked = {0}, left = {0};
    struct list list;
    list_init(&list, &daemons);
    list_refresh(&list);
    list_chosen(&list, &chosen); /* nothing is marked: the one under the cursor */
    assert_int_equal(chosen.count, 1);
    assert_string_equal(chosen.items[0], SECOND);
    marks_toggle(&list.marks, FIRST);
    marks_toggle(&list.marks, SECOND);
    marks_toggle(&list.marks, SECOND);
    assert_true(marks_has(&list.marks, FIRST));
    assert_false(marks_has(&list.marks, SECOND));
    list_chosen(&list, &marked);
    assert_int_equal(marked.count, 1);
    assert_string_equal(marked.items[0], FIRST);
    /* a mark does not wait for a new instance of its name */
    store_remove(store, FIRST);
    list_refresh(&list);
    assert_false(marks_has(&list.marks, FIRST));
    marks_toggle(&list.marks, SECOND);
    marks_clear(&list.marks);
    list_chosen(&list, &left);
    assert_string_equal(left.items[0], SECOND);
    list_done(&list);
}

/* The same names on two daemons are two sessions each; "@" asks for the machine. */
static void test_daemons(void **state) {
    (void)state;
    _cleanup_(daemons_done) struct daemons daemons = {0};
    struct list list;
    struct store *here = filled(&daemons, NULL);
    assert_false(daemons_several(&daemons));
    struct store *there = filled(&daemons, "lab");
    assert_true(daemons_several(&daemons));
    list_init(&list, &daemons);
    list_refresh(&list);
    assert_int_equal(list.count, 4);
    struct store_row *ours = daemons_find(&daemons, FIRST), *theirs = daemons_find(&daemons, "lab:" FIRST);
    assert_ptr_equal(ours, store_find(here, FIRST));
    assert_ptr_equal(theirs, store_find(there, FIRST));
    assert_null(daemons_find(&daemons, "other:" SECOND "x"));
    assert_string_equal(daemons_name("lab:" FIRST), FIRST);
    assert_string_equal(daemons_name(FIRST), FIRST);
    _cleanup_free_ char *machine = daemons_machine(&daemons, theirs),
                        *local = daemons_machine(&daemons, ours),
                        *workspace = daemons_workspace(&daemons, theirs),
                        *own = daemons_workspace(&daemons, ours);
    assert_string_equal(machine, "lab");
    assert_string_equal(local, "local");
    assert_string_equal(workspace, "lab:/w/b");
    assert_string_equal(own, "/w/b");
    assert_true(theirs->session.elsewhere && !ours->session.elsewhere);
    assert_ptr_equal(&daemons_for(&daemons, "lab:/w/b")->store, there);
    assert_ptr_equal(&daemons_for(&daemons, "/w/b")->store, here);
    assert_ptr_equal(&daemons_for(&daemons, "nodeb:/w/b")->store, here);
    list_filter(&list, "@LAB");
    assert_int_equal(list.count, 2);
    assert_ptr_equal(list_current(&list)->store, there);
    list_filter(&list, "@nowhere");
    assert_int_equal(list.count, 0);
    list_filter(&list, "");
    list.sort = COLUMN_MACHINE;
    list_refresh(&list);
    assert_ptr_equal(list.order[0]->store, here);
    assert_ptr_equal(list.order[3]->store, there);
    marks_toggle(&list.marks, theirs->key);
    store_remove(here, FIRST);
    list_refresh(&list);
    assert_true(marks_has(&list.marks, "lab:" FIRST)); /* another's end is not its */
    store_lost(there, NULL);
    assert_true(store_row_is_away(theirs) && !store_row_is_away(store_find(here, SECOND)));
    list_done(&list);
}

/* A member of the cluster that is away: its rows are silent, and asked for when it is back. */
static void back(void *data, const char *name) {
    strings_add(data, name);
}

static void test_members(void **state) {
    (void)state;
    _cleanup_(daemons_done) struct daemons daemons = {0};
    struct store *store = filled(&daemons, NULL);
    _cleanup_(strings_done) struct strings asked = {0};
    struct store_row *row = store_find(store, FIRST), *other = store_find(store, SECOND);
    store->server.member = str_copy("nodea");
    str_set(&row->session.location, "nodeb");
    str_set(&other->session.location, "nodea");
    store_place(store);
    assert_true(row->session.elsewhere && !other->session.elsewhere);
    for (int i = 0; i < 2; i++) {
        const char *status = i == 0 ? "Offline" : "Online";
        _cleanup_json_ json_t *list =
            json_pack("[{s:s, s:s}, {s:s, s:s}]", "server_name", "nodea", "status", "Online", "server_name",
                      "nodeb", "status", status);
        store_take_members(store, list, back, &asked);
        assert_int_equal(row->silent, 1);
        assert_false(other->silent);
        assert_int_equal(asked.count, (size_t)i);
    }
    assert_string_equal(asked.items[0], FIRST);
    /* a list that was made when it was away already */
    row->silent = false;
    _cleanup_json_ json_t *unseen = json_pack("{s:s, s:s, s:s, s:n}", "name", FIRST, "status", "Error",
                                              "location", "nodeb", "expanded_config");
    store_take(store, unseen);
    assert_true(row->silent);
    json_object_set_new(unseen, "name", json_string("coi-ffffffff-1"));
    store_take(store, unseen);
    assert_true(store_find(store, "coi-ffffffff-1")->silent);
    /* one that cannot say how it is has been seen all the same */
    json_object_set_new(unseen, "expanded_config", json_pack("{s:s}", "volatile.uuid", "1"));
    store_take(store, unseen);
    assert_false(store_find(store, "coi-ffffffff-1")->silent);
    _cleanup_free_ char *machine = daemons_machine(&daemons, row), *path = daemons_workspace(&daemons, row);
    assert_string_equal(machine, "nodeb");
    assert_string_equal(path, "nodeb:/w/b");
}

static void check_uptime(int64_t seconds, const char *wanted) {
    struct session session = {.status = (char *)"Running", .started = 1000};
    char text[24];
    list_uptime(&session, 1000 + seconds, text, sizeof text);
    assert_string_equal(text, wanted);
}

static void test_words(void **state) {
    (void)state;
    check_uptime(0, "0m");
    check_uptime(3599, "59m");
    check_uptime(3600, "1h");
    check_uptime(47 * 3600, "47h");
    check_uptime(48 * 3600, "2d");
    check_uptime(-5, "0m"); /* a clock that was set back */
    struct session session = {.method = IDMAP_RAW, .raw = (char *)"uid 501 1000\ngid 20 1000"};
    _cleanup_free_ char *raw = list_mapping(&session);
    assert_string_equal(raw, "raw 501");
}

static void test_log(void **state) {
    (void)state;
    struct log *log = mem_new(sizeof *log);
    _cleanup_(error_done) struct error err = {0};
    error_set(&err, ERROR_FAILED, "it broke");
    error_hint(&err, "mend it");
    log_error(log, &err);
    assert_int_equal(log->count, 2);
    assert_int_equal(log->unread, 1);
    assert_string_equal(log_line(log, 1)->text, "hint: mend it");
    /* lines of output as they come, in pieces */
    log_output(log, "one\ntw", 6);
    log_output(log, "o\nrest", 6);
    assert_int_equal(log->count, 4);
    assert_string_equal(log_line(log, 3)->text, "two");
    log_output_end(log);
    assert_string_equal(log_line(log, 4)->text, "rest");
    /* the oldest go first */
    for (int i = 0; i < LOG_LINES; i++)
        log_add(log, LOG_NOTE, "line %d", i);
    assert_int_equal(log->count, LOG_LINES);
    assert_string_equal(log_line(log, 0)->text, "line 0");
    log_done(log);
    free(log);
}

/* Of a workspace: what will be, what is not code's in it, and what the container has of it. */
static void test_mapping(void **state) {
    (void)state;
    char folder[] = "/tmp/berth-state-XXXXXX";
    struct settings settings = {0};
    struct mapping mapping = {0};
    assert_non_null(mkdtemp(folder));
    _cleanup_free_ char *file = str_printf("%s/entry", folder);
    close(open(file, O_CREAT | O_WRONLY, 0600));
    setenv("BERTH_CODE_UID", "4242", 1);
    setenv("XDG_CONFIG_HOME", folder, 1);
    _cleanup_(error_done) struct error err = {0};
    assert_true(settings_load(&settings, &err));
    mapping_of_workspace(&mapping, &settings, folder, NULL);
    assert_true(mapping.known);
    assert_string_equal(mapping.workspace, folder);
    assert_int_equal(mapping.facts.code.uid, 4242);
    assert_int_not_equal(mapping.decision.method, IDMAP_SHIFT);
    if (mapping.decision.method == IDMAP_RAW) {
        assert_int_equal(mapping.owners.entries, 2);
        mapping.inspected = true;
        mapping.inspection.source = str_copy(folder);
        mapping.inspection.raw = str_copy("both 7 7");
        assert_true(mapping_differs(&mapping));
        assert_true(mapping_is_bad(&mapping));
    }
    mapping_of_workspace(&mapping, &settings, "/etc", NULL);
    assert_false(mapping.known);
    assert_true(mapping_is_bad(&mapping));
    _cleanup_(strings_done) struct strings remedies = {0};
    mapping_remedies(&mapping, &remedies);
    assert_true(remedies.count > 0);
    mapping_done(&mapping);
    settings_done(&settings);
    unsetenv("BERTH_CODE_UID");
    unlink(file);
    rmdir(folder);
}

static void test_folders(void **state) {
    (void)state;
    char folder[] = "/tmp/berth-state-XXXXXX";
    static const char *const names[] = {"alpha", "alps", "beta", ".hidden"};
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < array_length(names); i++) {
        _cleanup_free_ char *path = str_printf("%s/%s", folder, names[i]);
        assert_int_equal(mkdir(path, 0700), 0);
    }
    static const struct {
        const char *typed, *line;
        size_t count;
    } rows[] = {
        {"/al", "/alp", 2}, {"/b", "/beta/", 1}, {"/.h", "/.hidden/", 1}, {"/", "/", 3}, {"/x", NULL, 0}};
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_(strings_done) struct strings found = {0};
        _cleanup_free_ char *typed = str_printf("%s%s", folder, rows[i].typed),
                            *wanted = rows[i].line ? str_printf("%s%s", folder, rows[i].line) : NULL,
                            *line = folders_complete(typed, &found);
        assert_true(str_equal(line, wanted));
        assert_int_equal(found.count, rows[i].count);
    }
    for (size_t i = 0; i < array_length(names); i++) {
        _cleanup_free_ char *path = str_printf("%s/%s", folder, names[i]);
        rmdir(path);
    }
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_store_list),
        cmocka_unit_test(test_store_events),
        cmocka_unit_test(test_store_operations),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_marks),
        cmocka_unit_test(test_daemons),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_log),
        cmocka_unit_test(test_mapping),
        cmocka_unit_test(test_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
