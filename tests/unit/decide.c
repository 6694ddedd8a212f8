/* The decision: its table row by row, and what must hold for every combination of facts. */
#include "idmap/explain.h"
#include "tests/harness/unit.h"

#include <string.h>

static const struct idmap_facts plain = {
    .host = {1000, 1000},
    .code = {1000, 1000},
    .filesystem = "ext4",
    .deciding = "ext4",
    .mount_ok = IDMAP_YES,
    .daemon_ok = IDMAP_YES,
    .uid_delegation = IDMAP_DELEGATED,
    .gid_delegation = IDMAP_DELEGATED,
    .owner = {1000, 1000},
    .mode = 0755,
};

struct row {
    const char *words;
    struct idmap_ids host, code;
    enum idmap_answer mount_ok, daemon_ok;
    enum idmap_vm vm;
    bool disable_shift;
    enum idmap_delegation uid, gid;
    enum idmap_method method;
    enum idmap_reason reason;
    const char *raw;
};

#define Y       IDMAP_YES
#define N       IDMAP_NO
#define U       IDMAP_UNKNOWN
#define DEL     IDMAP_DELEGATED
#define NOT     IDMAP_NOT_DELEGATED
#define NOASK   IDMAP_UNCONSULTED
#define NOVM    IDMAP_VM_NONE
#define REFUSED IDMAP_REFUSED
#define RAW     IDMAP_RAW
#define SHIFT   IDMAP_SHIFT

/* One row, one line. */
/* clang-format off */
static const struct row rows[] = {
    /* row 1: equal ids, shift usable */
    {"equal", {1000, 1000}, {1000, 1000}, Y, Y, NOVM, false, DEL, DEL, SHIFT, IDMAP_IDS_MATCH, ""},
    {"equal, nothing delegated", {1000, 1000}, {1000, 1000}, Y, Y, NOVM, false, NOT, NOT, SHIFT, IDMAP_IDS_MATCH, ""},
    {"equal 501:20", {501, 20}, {501, 20}, Y, Y, NOVM, false, DEL, DEL, SHIFT, IDMAP_IDS_MATCH, ""},
    {"equal, unknown filesystem", {1000, 1000}, {1000, 1000}, U, Y, NOVM, false, DEL, DEL, SHIFT, IDMAP_IDS_MATCH, ""},
    {"equal, unknown daemon", {1000, 1000}, {1000, 1000}, Y, U, NOVM, false, DEL, DEL, SHIFT, IDMAP_IDS_MATCH, ""},
    {"equal, OrbStack", {1000, 1000}, {1000, 1000}, Y, Y, IDMAP_VM_ORBSTACK, false, DEL, DEL, SHIFT, IDMAP_IDS_MATCH, ""},
    {"equal, WSL", {1000, 1000}, {1000, 1000}, Y, Y, IDMAP_VM_WSL, false, DEL, DEL, SHIFT, IDMAP_IDS_MATCH, ""},
    /* row 2: ids differ, whatever else holds */
    {"CI runner", {1001, 1001}, {1000, 1000}, Y, Y, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "both 1001 1000"},
    {"CI runner, not consulted", {1001, 1001}, {1000, 1000}, Y, Y, NOVM, false, NOASK, NOASK, RAW, IDMAP_IDS_DIFFER, "both 1001 1000"},
    {"CI runner, shift disabled", {1001, 1001}, {1000, 1000}, Y, Y, NOVM, true, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "both 1001 1000"},
    {"CI runner, old kernel", {1001, 1001}, {1000, 1000}, Y, N, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "both 1001 1000"},
    {"Mac, Colima", {501, 20}, {1000, 1000}, N, Y, IDMAP_VM_COLIMA, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "uid 501 1000\ngid 20 1000"},
    {"Mac, Lima, shift disabled", {501, 20}, {1000, 1000}, N, Y, IDMAP_VM_LIMA, true, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "uid 501 1000\ngid 20 1000"},
    {"501:501", {501, 501}, {1000, 1000}, Y, Y, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "both 501 1000"},
    {"gid alone differs", {1000, 100}, {1000, 1000}, Y, Y, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "uid 1000 1000\ngid 100 1000"},
    {"code 1001", {1000, 1000}, {1001, 1001}, Y, Y, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "both 1000 1001"},
    {"code 1001:1002", {1000, 1000}, {1001, 1002}, Y, Y, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "uid 1000 1001\ngid 1000 1002"},
    {"the largest ids", {4294967293u, 4294967294u}, {4294967291u, 4294967292u}, Y, Y, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "uid 4294967293 4294967291\ngid 4294967294 4294967292"},
    /* row 3: equal, shift not usable */
    {"shift disabled", {1000, 1000}, {1000, 1000}, Y, Y, NOVM, true, DEL, DEL, RAW, IDMAP_SHIFT_DISABLED, "both 1000 1000"},
    {"FUSE", {1000, 1000}, {1000, 1000}, N, Y, NOVM, false, DEL, DEL, RAW, IDMAP_FILESYSTEM, "both 1000 1000"},
    {"Lima on its own disk", {1000, 1000}, {1000, 1000}, Y, Y, IDMAP_VM_LIMA, false, DEL, DEL, RAW, IDMAP_VM_HOST, "both 1000 1000"},
    {"Colima", {1000, 1000}, {1000, 1000}, U, Y, IDMAP_VM_COLIMA, false, DEL, DEL, RAW, IDMAP_VM_HOST, "both 1000 1000"},
    {"no kernel support", {1000, 1000}, {1000, 1000}, Y, N, NOVM, false, DEL, DEL, RAW, IDMAP_NO_DAEMON_SUPPORT, "both 1000 1000"},
    {"equal 501:20, FUSE", {501, 20}, {501, 20}, N, Y, NOVM, false, DEL, DEL, RAW, IDMAP_FILESYSTEM, "uid 501 501\ngid 20 20"},
    /* row 4: not delegated */
    {"uid not delegated", {1001, 1001}, {1000, 1000}, Y, Y, NOVM, false, NOT, DEL, REFUSED, IDMAP_NOT_DELEGATED_IDS, ""},
    {"neither delegated", {1001, 1001}, {1000, 1000}, Y, Y, NOVM, false, NOT, NOT, REFUSED, IDMAP_NOT_DELEGATED_IDS, ""},
    {"FUSE, not delegated", {1000, 1000}, {1000, 1000}, N, Y, NOVM, false, NOT, DEL, REFUSED, IDMAP_NOT_DELEGATED_IDS, ""},
    /* row 5: root */
    {"host root", {0, 0}, {1000, 1000}, Y, Y, NOVM, false, DEL, DEL, REFUSED, IDMAP_HOST_ROOT, ""},
    {"host root, own group", {0, 1000}, {1000, 1000}, Y, Y, NOVM, false, DEL, DEL, REFUSED, IDMAP_HOST_ROOT, ""},
    {"root both sides", {0, 0}, {0, 0}, Y, Y, NOVM, false, DEL, DEL, REFUSED, IDMAP_HOST_ROOT, ""},
    {"code is root", {1001, 1001}, {0, 0}, Y, Y, NOVM, false, DEL, DEL, REFUSED, IDMAP_CODE_ROOT, ""},
    /* row 6: the group alone is missing */
    {"gid not delegated", {1001, 1001}, {1000, 1000}, Y, Y, NOVM, false, DEL, NOT, RAW, IDMAP_IDS_DIFFER, "uid 1001 1000"},
    {"group root", {1001, 0}, {1000, 1000}, Y, Y, NOVM, false, DEL, DEL, RAW, IDMAP_IDS_DIFFER, "uid 1001 1000"},
    {"Mac, gid not delegated", {501, 20}, {1000, 1000}, N, Y, IDMAP_VM_LIMA, false, DEL, NOT, RAW, IDMAP_IDS_DIFFER, "uid 501 1000"},
};
/* clang-format on */

static struct idmap_facts facts_of(const struct row *row) {
    struct idmap_facts facts = plain;
    facts.host = facts.owner = row->host;
    facts.code = row->code;
    facts.mount_ok = row->mount_ok;
    facts.daemon_ok = row->daemon_ok;
    facts.vm = row->vm;
    facts.disable_shift = row->disable_shift;
    facts.uid_delegation = row->uid;
    facts.gid_delegation = row->gid;
    return facts;
}

static void test_rows(void **state) {
    (void)state;
    for (size_t i = 0; i < array_length(rows); i++) {
        struct idmap_facts facts = facts_of(&rows[i]);
        struct idmap_decision decision = idmap_decide(&facts);
        if (decision.method != rows[i].method || decision.reason != rows[i].reason ||
            !str_equal(decision.raw, rows[i].raw))
            fail_msg("%s: %s, %s, \"%s\"", rows[i].words, explain_method(decision.method),
                     explain_reason_code(decision.reason), decision.raw);
    }
}

/* Takes the lowest digit off a number of mixed bases. */
static size_t digit(size_t *rest, size_t base) {
    size_t value = *rest % base;
    *rest /= base;
    return value;
}

/* Calls `check` with every combination of the values that matter. */
static void for_all(void (*check)(const struct idmap_facts *facts)) {
    static const unsigned int ids[] = {0, 20, 501, 1000, 1001};
    struct idmap_facts facts = plain;
    for (size_t bits = 0; bits < 5 * 5 * 3 * 3 * 5 * 2 * 3 * 3 * 5; bits++) {
        size_t rest = bits;
        size_t uid = digit(&rest, 5);
        size_t gid = digit(&rest, 5);
        size_t mount = digit(&rest, 3);
        size_t daemon = digit(&rest, 3);
        size_t vm = digit(&rest, 5);
        size_t disabled = digit(&rest, 2);
        size_t uid_delegation = digit(&rest, 3);
        size_t gid_delegation = digit(&rest, 3);
        size_t owner = digit(&rest, 5);
        facts.host = (struct idmap_ids){ids[uid], ids[gid]};
        facts.mount_ok = (enum idmap_answer)mount;
        facts.daemon_ok = (enum idmap_answer)daemon;
        facts.vm = (enum idmap_vm)vm;
        facts.disable_shift = disabled;
        facts.uid_delegation = (enum idmap_delegation)uid_delegation;
        facts.gid_delegation = (enum idmap_delegation)gid_delegation;
        facts.owner = (struct idmap_ids){ids[owner], ids[owner]};
        check(&facts);
    }
}

static void check_safe(const struct idmap_facts *facts) {
    struct idmap_decision decision = idmap_decide(facts);
    struct idmap_decision second = idmap_decide_without_shift(facts);
    /* raw.idmap and shift never meet, and one of them is always there */
    assert_true((decision.method == IDMAP_SHIFT) == decision.shift);
    assert_true((decision.method == IDMAP_RAW) == (decision.raw[0] != 0));
    assert_false(decision.shift && decision.raw[0]);
    assert_false(second.shift);
    /* host root is never mapped: not as a user, not as a group */
    assert_null(strstr(decision.raw, "both 0 "));
    assert_null(strstr(decision.raw, "uid 0 "));
    assert_null(strstr(decision.raw, "gid 0 "));
    if (facts->host.uid == 0)
        assert_int_equal(decision.method, IDMAP_REFUSED);
    /* nothing that is not delegated is mapped */
    if (decision.raw[0])
        assert_int_not_equal(facts->uid_delegation, IDMAP_NOT_DELEGATED);
    if (strstr(decision.raw, "gid ") || strstr(decision.raw, "both "))
        assert_int_not_equal(facts->gid_delegation, IDMAP_NOT_DELEGATED);
    /* shift only where the ids match and nothing speaks against it */
    if (decision.shift) {
        assert_int_equal(facts->host.uid, facts->code.uid);
        assert_int_equal(facts->host.gid, facts->code.gid);
        assert_int_not_equal(facts->mount_ok, IDMAP_NO);
        assert_false(facts->disable_shift);
    }
    /* one's own workspace is writable, and new files are one's own */
    if (decision.method != IDMAP_REFUSED && facts->owner.uid == facts->host.uid) {
        assert_true(decision.view.writable);
        assert_int_equal(decision.view.made.uid, facts->host.uid);
    }
}

static void test_safe(void **state) {
    (void)state;
    for_all(check_safe);
}

static size_t explained;

/* Every decision has words: a reason, and where it is refused or lacking, something to do. */
static void check_words(const struct idmap_facts *facts) {
    struct idmap_decision decision = idmap_decide(facts);
    _cleanup_free_ char *reason = explain_reason(facts, &decision);
    _cleanup_(strings_done) struct strings warnings = {0}, remedies = {0};
    explain_warnings(facts, &decision, &warnings);
    explain_remedies(facts, &decision, &remedies);
    assert_true(strlen(reason) > 10);
    if (decision.method == IDMAP_REFUSED)
        assert_true(remedies.count > 0);
    if (!decision.view.writable && decision.method != IDMAP_REFUSED)
        assert_true(warnings.count > 0 && remedies.count > 0);
    explained++;
}

static void test_words(void **state) {
    (void)state;
    for_all(check_words);
    assert_true(explained > 10000);
}

static void test_fallback(void **state) {
    (void)state;
    struct idmap_facts facts = plain;
    facts.mount_ok = IDMAP_UNKNOWN;
    struct idmap_decision first = idmap_decide(&facts), second = idmap_decide_without_shift(&facts);
    assert_true(first.shift);
    assert_true(first.warnings & IDMAP_WARN_SHIFT_UNPROVEN);
    assert_string_equal(second.raw, "both 1000 1000");
    assert_int_equal(second.reason, IDMAP_FILESYSTEM);
    facts.uid_delegation = IDMAP_NOT_DELEGATED;
    second = idmap_decide_without_shift(&facts);
    assert_int_equal(second.method, IDMAP_REFUSED);
}

struct view_row {
    struct idmap_ids host, owner;
    mode_t mode;
    bool shift_usable;
    enum idmap_delegation gid;
    struct idmap_ids seen;
    bool writable, gid_known;
};

static void test_views(void **state) {
    (void)state;
    static const struct view_row views[] = {
        {{1000, 1000}, {1000, 1000}, 0755, true, DEL, {1000, 1000}, true, true},
        {{1000, 1000}, {1000, 1000}, 0555, true, DEL, {1000, 1000}, false, true},
        {{1000, 1000}, {1001, 1001}, 0755, true, DEL, {1001, 1001}, false, true},
        {{1000, 1000}, {1001, 1000}, 0775, true, DEL, {1001, 1000}, true, true},
        {{1000, 1000}, {0, 0}, 0755, true, DEL, {0, 0}, false, true},
        {{1000, 1000}, {0, 0}, 0777, true, DEL, {0, 0}, true, true},
        {{1001, 1001}, {1001, 1001}, 0755, true, DEL, {1000, 1000}, true, true},
        {{1001, 1001}, {1002, 1002}, 0755, true, DEL, {65534, 65534}, false, true},
        {{1001, 1001}, {1002, 1001}, 0775, true, DEL, {65534, 1000}, true, true},
        {{1001, 1001}, {0, 0}, 0755, true, DEL, {65534, 65534}, false, true},
        {{501, 20}, {501, 20}, 0755, false, DEL, {1000, 1000}, true, true},
        {{501, 20}, {501, 20}, 0755, false, NOT, {1000, 65534}, true, false},
        {{501, 20}, {501, 20}, 0300, false, DEL, {1000, 1000}, true, true},
        {{501, 20}, {501, 20}, 0200, false, DEL, {1000, 1000}, false, true},
    };
    for (size_t i = 0; i < array_length(views); i++) {
        struct idmap_facts facts = plain;
        facts.host = views[i].host;
        facts.owner = views[i].owner;
        facts.mode = views[i].mode;
        facts.mount_ok = views[i].shift_usable ? IDMAP_YES : IDMAP_NO;
        facts.gid_delegation = views[i].gid;
        struct idmap_decision decision = idmap_decide(&facts);
        const struct idmap_view *view = &decision.view;
        if (view->seen.uid != views[i].seen.uid || view->seen.gid != views[i].seen.gid ||
            view->writable != views[i].writable || view->made_gid_known != views[i].gid_known)
            fail_msg("view %zu: %u:%u writable %d, group known %d", i, view->seen.uid, view->seen.gid,
                     view->writable, view->made_gid_known);
    }
}

static void test_remedy_lines(void **state) {
    (void)state;
    struct idmap_facts facts = plain;
    facts.host = facts.owner = (struct idmap_ids){501, 20};
    facts.uid_delegation = facts.gid_delegation = IDMAP_NOT_DELEGATED;
    struct idmap_decision decision = idmap_decide(&facts);
    _cleanup_(error_done) struct error err = {0};
    assert_false(explain_refusal(&facts, &decision, &err));
    assert_int_equal(err.class, ERROR_REFUSED);
    assert_int_equal(error_status(&err), 4);
    assert_int_equal(err.hints.count, 2);
    assert_string_equal(err.hints.items[0], "echo root:501:1 | sudo tee -a /etc/subuid");
    assert_string_equal(err.hints.items[1], "echo root:20:1 | sudo tee -a /etc/subgid");
}

static void test_both(void **state) {
    (void)state;
    assert_int_equal(idmap_both(IDMAP_YES, IDMAP_YES), IDMAP_YES);
    assert_int_equal(idmap_both(IDMAP_YES, IDMAP_NO), IDMAP_NO);
    assert_int_equal(idmap_both(IDMAP_UNKNOWN, IDMAP_NO), IDMAP_NO);
    assert_int_equal(idmap_both(IDMAP_UNKNOWN, IDMAP_YES), IDMAP_UNKNOWN);
}

/* What a restricted project, or a profile with a raw.idmap, makes of it. */
static void test_project(void **state) {
    (void)state;
    struct idmap_facts facts = plain;
    facts.profile_maps = true;
    struct idmap_decision decision = idmap_decide(&facts);
    assert_true(decision.method == IDMAP_RAW && decision.reason == IDMAP_PROFILE);
    assert_string_equal(decision.raw, "both 1000 1000");
    facts.project.no_uid = true;
    decision = idmap_decide(&facts);
    assert_true(decision.method == IDMAP_REFUSED && decision.reason == IDMAP_PROJECT_IDS);
    facts.profile_maps = false; /* shift needs no raw.idmap */
    assert_int_equal(idmap_decide(&facts).method, IDMAP_SHIFT);
    assert_int_equal(idmap_decide_without_shift(&facts).reason, IDMAP_PROJECT_IDS);
    facts.project = (struct idmap_project){.name = "user-1000", .no_gid = true};
    facts.host.gid = facts.owner.gid = 20;
    decision = idmap_decide(&facts);
    assert_true(decision.method == IDMAP_RAW && !decision.group_mapped);
    assert_string_equal(decision.raw, "uid 1000 1000");
    facts.project = (struct idmap_project){.no_source = "/srv", .allowed = "/home/dev"};
    decision = idmap_decide(&facts);
    assert_true(decision.method == IDMAP_REFUSED && decision.reason == IDMAP_PROJECT_DISK);
    struct idmap_line lines[2];
    assert_int_equal(explain_lines(&facts, &decision, lines), 0);
}

/* The lines that are missing, and nothing that is there. */
static void test_lines(void **state) {
    (void)state;
    struct idmap_facts facts = plain;
    struct idmap_line lines[2];
    facts.host = facts.owner = (struct idmap_ids){501, 20};
    struct idmap_decision decision = idmap_decide(&facts);
    assert_int_equal(explain_lines(&facts, &decision, lines), 0);
    facts.gid_delegation = IDMAP_NOT_DELEGATED;
    decision = idmap_decide(&facts);
    assert_int_equal(explain_lines(&facts, &decision, lines), 1);
    assert_string_equal(lines[0].file, "/etc/subgid");
    assert_string_equal(lines[0].line, "root:20:1");
    facts.uid_delegation = IDMAP_NOT_DELEGATED;
    decision = idmap_decide(&facts);
    assert_int_equal(explain_lines(&facts, &decision, lines), 2);
    assert_string_equal(lines[0].line, "root:501:1");
    facts.host = (struct idmap_ids){0, 0}; /* root is never delegated */
    decision = idmap_decide(&facts);
    assert_int_equal(explain_lines(&facts, &decision, lines), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_safe),    cmocka_unit_test(test_words),
        cmocka_unit_test(test_fallback),     cmocka_unit_test(test_views),   cmocka_unit_test(test_both),
        cmocka_unit_test(test_remedy_lines), cmocka_unit_test(test_project), cmocka_unit_test(test_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
