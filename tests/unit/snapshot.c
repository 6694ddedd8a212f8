/* Names of snapshots, the daemon's list of them, and what a copy keeps. */
#include "session/snapshot.h"
#include "incus/sftp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <string.h>

#define MOMENT INT64_C(1795698301123) /* 2026-11-26 13:05:01 UTC */

static void test_names(void **state) {
    (void)state;
    _cleanup_free_ char *plain = snapshot_new_name(MOMENT),
                        *restore = snapshot_automatic_name(SNAPSHOT_RESTORE, MOMENT),
                        *resume = snapshot_automatic_name(SNAPSHOT_RESUME, MOMENT);
    assert_string_equal(plain, "20261126-130501");
    assert_string_equal(restore, "auto-restore-20261126-130501");
    assert_string_equal(resume, "auto-resume-20261126-130501");
    assert_true(snapshot_is_automatic(restore) && snapshot_is_automatic(resume));
    const char *const users[] = {plain,
                                 "auto-restore",
                                 "auto-restore-",
                                 "auto-restore-2026112a-130501",
                                 "auto-restore-20261126-1305010",
                                 "auto-restore-20261126_130501",
                                 "auto-delete-20261126-130501",
                                 "my-auto-restore-20261126-130501",
                                 ""};
    for (size_t i = 0; i < array_length(users); i++)
        assert_false(snapshot_is_automatic(users[i]));
}

static void test_check(void **state) {
    (void)state;
    static const char *const good[] = {"a", "0", "before-upgrade_2.1", "_x"}, *const bad[] = {
                                                                                  "",    "-x", ".x", "a/b",
                                                                                  "a b", "é",  "a\n"};
    char length[65];
    for (size_t i = 0; i < array_length(good); i++) {
        _cleanup_(error_done) struct error err = {0};
        assert_true(snapshot_check_name(good[i], &err));
    }
    for (size_t i = 0; i < array_length(bad); i++) {
        _cleanup_(error_done) struct error err = {0};
        assert_false(snapshot_check_name(bad[i], &err));
        assert_int_equal(err.class, ERROR_USAGE);
    }
    _cleanup_(error_done) struct error err = {0};
    memset(length, 'a', sizeof length);
    length[63] = 0;
    assert_true(snapshot_check_name(length, &err));
    length[63] = 'a';
    length[64] = 0;
    assert_false(snapshot_check_name(length, &err));
}

static void test_list(void **state) {
    (void)state;
    _cleanup_(snapshots_done) struct snapshots snapshots = {0}, none = {0};
    _cleanup_(error_done) struct error err = {0}, missing = {0}, empty = {0};
    _cleanup_json_ json_t *list =
        json_pack("[{s:s,s:s},{s:s,s:s,s:b},{s:i},{s:s,s:s},{s:s,s:s}]", "name", "b", "created_at",
                  "2026-11-26T13:00:02Z", "name", "c/a", "created_at", "2026-11-26T13:00:01Z", "stateful",
                  1, "name", 7, "name", "auto-restore-20261126-130501", "created_at",
                  "2026-11-26T13:05:01Z", "name", "a2", "created_at", "2026-11-26T13:00:02Z");
    snapshots_read(list, &snapshots);
    snapshots_read(NULL, &none);
    assert_int_equal(none.count, 0);
    assert_int_equal(snapshots.count, 4);
    assert_string_equal(snapshots.items[0].name, "a");
    assert_true(snapshots.items[0].stateful);
    assert_string_equal(snapshots.items[1].name, "a2");
    assert_string_equal(snapshots.items[2].name, "b");
    /* the last one that somebody took, not the automatic one behind it */
    assert_string_equal(snapshot_choose("s", &snapshots, NULL, &err)->name, "b");
    assert_string_equal(snapshot_choose("s", &snapshots, "auto-restore-20261126-130501", &err)->name,
                        "auto-restore-20261126-130501");
    assert_null(snapshot_choose("s", &snapshots, "x", &missing));
    assert_string_equal(missing.message, "snapshot x of s not found");
    assert_int_equal(missing.hints.count, 4);
    assert_null(snapshot_choose("s", &none, NULL, &empty));
    assert_string_equal(empty.message, "s has no snapshot that somebody took");
    _cleanup_json_ json_t *json = snapshot_json(&snapshots.items[3]);
    assert_string_equal(json_str_at(json, "created_at"), "2026-11-26T13:05:01Z");
    assert_true(json_bool_at(json, "automatic"));
}

/* The bytes of an SFTP server with a small tree: what is asked for is answered, in any order. */
static void add(struct buffer *out, const char *bytes, size_t size) {
    buffer_add(out, bytes, size);
}

static void test_sftp(void **state) {
    (void)state;
    _cleanup_(strings_done) struct strings skip = {0};
    _cleanup_(error_done) struct error err = {0}, bad = {0}, large = {0};
    _cleanup_(buffer_done) struct buffer bytes = {0};
    strings_add(&skip, "/proc");
    struct sftp *sftp = sftp_new(&skip, 100);
    assert_int_equal(sftp_out(sftp)->size, 9); /* INIT, version 3 */
    buffer_drop(sftp_out(sftp), 9);
    add(&bytes, "\0\0\0\5\2\0\0\0\3", 9);
    assert_true(sftp_feed(sftp, bytes.data, 4, &err) && sftp_feed(sftp, bytes.data + 4, 5, &err));
    assert_memory_equal(sftp_out(sftp)->data, "\0\0\0\12\13\0\0\0\0\0\0\0\1/", 14); /* OPENDIR */
    buffer_drop(sftp_out(sftp), 14);
    /* HANDLE: any bytes */
    assert_true(sftp_feed(sftp, "\0\0\0\14\146\0\0\0\0\0\0\0\3\0h\0", 16, &err));
    assert_memory_equal(sftp_out(sftp)->data, "\0\0\0\14\14\0\0\0\0\0\0\0\3\0h\0", 16); /* READDIR */
    /* NAME: ".", "proc" (a directory), "x/y" (no name), "f" of 5 bytes */
    static const char names[] = "\150\0\0\0\0\0\0\0\4"
                                "\0\0\0\1.\0\0\0\0\0\0\0\0"
                                "\0\0\0\4proc\0\0\0\0\0\0\0\4\0\0\101\355"
                                "\0\0\0\3x/y\0\0\0\0\0\0\0\0"
                                "\0\0\0\1f\0\0\0\1-\0\0\0\5\0\0\0\0\0\0\0\5\0\0\201\244";
    char length[4] = {0, 0, 0, (char)(sizeof names - 1)};
    assert_true(sftp_feed(sftp, length, 4, &err) && sftp_feed(sftp, names, sizeof names - 1, &err));
    assert_true(sftp_feed(sftp, "\0\0\0\11\145\0\0\0\0\0\0\0\1", 13, &err)); /* STATUS: the end */
    assert_false(sftp_is_done(sftp));
    assert_true(sftp_feed(sftp, "\0\0\0\11\145\0\0\0\0\0\0\0\0", 13, &err)); /* of CLOSE */
    assert_true(sftp_is_done(sftp));
    _cleanup_(sftp_entries_done) struct sftp_entries found = sftp_take(sftp);
    sftp_entries_sort(&found);
    assert_int_equal(found.count, 2);
    assert_string_equal(found.items[0].path, "/f");
    assert_int_equal(found.items[0].size, 5);
    assert_string_equal(found.items[1].path, "/proc");
    assert_false(sftp_feed(sftp, "\0\0\0\5\146\0\0\0\7", 9, &bad)); /* an answer to nothing */
    assert_false(sftp_feed(sftp, "\177\377\377\377", 4, &large));
    sftp_free(sftp);
    assert_true(sftp_path_order("/a", "/a/b") < 0 && sftp_path_order("/a/b", "/a-b") < 0 &&
                sftp_path_order("/a", "/a") == 0 && sftp_path_order("/b", "/a/x") > 0);
}

/* What berth wants stands, what the daemon notes of the files stays with them. */
static void test_config(void **state) {
    (void)state;
    _cleanup_json_ json_t *wanted = json_pack("{s:s,s:s,s:s}", "raw.idmap", "new", "volatile.idmap.base",
                                              "1", "user.a", "1"),
                          *has = json_pack("{s:s,s:s,s:s,s:s}", "raw.idmap", "old", "volatile.idmap.base",
                                           "2", "image.os", "debian", "security.privileged", "true"),
                          *right = json_pack("{s:s,s:s,s:s,s:s}", "raw.idmap", "new", "user.a", "1",
                                             "volatile.idmap.base", "2", "image.os", "debian"),
                          *made = snapshot_config(wanted, has);
    assert_true(json_equal(made, right));
}

static void test_settings(void **state) {
    (void)state;
    static const struct {
        enum setting_kind kind;
        const char *value;
        bool good;
    } rows[] = {
        {KIND_BEFORE, "restore", true},
        {KIND_BEFORE, "restore, resume", true},
        {KIND_BEFORE, "resume,", true},
        {KIND_BEFORE, "off", true},
        {KIND_BEFORE, "off, resume", false},
        {KIND_BEFORE, "delete", false},
        {KIND_BEFORE, "", false},
        {KIND_HOME, "~/.claude", true},
        {KIND_HOME, "~/.config/a b", true},
        {KIND_HOME, "~", false},
        {KIND_HOME, "~/", false},
        {KIND_HOME, "/home/code/.claude", false},
        {KIND_HOME, "~/../x", false},
        {KIND_HOME, "~/a/..", false},
        {KIND_HOME, "~/a//b", false},
        {KIND_HOME, "~/./a", false},
        {KIND_HOME, "~/a/", false},
        {KIND_HOME, "~root/a", false},
        {KIND_HOME, "~/..a", true},
    };
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_(error_done) struct error err = {0};
        if (value_check(rows[i].kind, rows[i].value, &err) != rows[i].good)
            fail_msg("\"%s\"", rows[i].value);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),  cmocka_unit_test(test_check),    cmocka_unit_test(test_list),
        cmocka_unit_test(test_config), cmocka_unit_test(test_settings), cmocka_unit_test(test_sftp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
