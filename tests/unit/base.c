/* Strings, paths, JSON. */
#include "base/json.h"
#include "base/path.h"
#include "incus/instance.h"
#include "tests/harness/unit.h"

#include <string.h>

static void check_absolute(const char *path, const char *wanted) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *got = path_absolute(path, &err);
    assert_string_equal(got, wanted);
}

static void test_absolute(void **state) {
    (void)state;
    check_absolute("/", "/");
    check_absolute("//a//b/", "/a/b");
    check_absolute("/a/./b/../c", "/a/c");
    check_absolute("/../..", "/");
    check_absolute("/a/..", "/");
    check_absolute("/...", "/...");
    assert_int_equal(chdir("/tmp"), 0);
    setenv("PWD", "/nonexistent", 1);
    check_absolute("x", "/tmp/x");
    check_absolute("", "/tmp");
    setenv("PWD", "/tmp/../tmp", 1);
    check_absolute(".", "/tmp");
}

static void test_under(void **state) {
    (void)state;
    assert_true(path_is_under("/a/b", "/a"));
    assert_true(path_is_under("/a", "/a"));
    assert_true(path_is_under("/a", "/"));
    assert_false(path_is_under("/ab", "/a"));
    assert_false(path_is_under("/", "/a"));
}

static void test_numbers(void **state) {
    (void)state;
    unsigned long n;
    assert_true(str_to_number("0", 10, &n) && n == 0);
    assert_true(str_to_number("10", 10, &n) && n == 10);
    assert_false(str_to_number("11", 10, &n));
    assert_false(str_to_number("", 10, &n));
    assert_false(str_to_number(NULL, 10, &n));
    assert_false(str_to_number("-1", 10, &n));
    assert_false(str_to_number(" 1", 10, &n));
    assert_false(str_to_number("1x", 10, &n));
    assert_false(str_to_number("99999999999999999999999", (unsigned long)-1, &n));
}

static void check_shown(const char *text, const char *wanted) {
    _cleanup_free_ char *shown = str_shown(text);
    assert_string_equal(shown, wanted);
}

static void test_shown(void **state) {
    (void)state;
    check_shown("wörk 日本 ✓", "wörk 日本 ✓");
    check_shown("a\x1b[31mb\n\t\x7f", "a?[31mb???");
    check_shown("\xc2\x9b"
                "31m",
                "?31m");                     /* C1: CSI in one character */
    check_shown("\xff\xc3", "??");           /* no UTF-8 */
    check_shown("\xed\xa0\x80", "???");      /* a surrogate */
    check_shown("\xf4\x90\x80\x80", "????"); /* past the last character */
    assert_true(str_is_utf8("日本\n"));
    assert_false(str_is_utf8("\xc0\xaf"));
}

/* As a shell takes them back, and harmless to a terminal. */
static void test_quoted(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {"/srv/a-b_c.d", "/srv/a-b_c.d"},
        {"", "''"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"$(x)`y`;!", "'$(x)`y`;!'"},
        {"é", "'é'"},
        {"a\nb'\\", "$'a\\x0ab\\'\\\\'"},
        {"\033[31m", "$'\\x1b[31m'"},
        {"\xff", "$'\\xff'"},
    };
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_free_ char *quoted = str_quoted(rows[i][0]);
        assert_string_equal(quoted, rows[i][1]);
    }
}

static void test_json(void **state) {
    (void)state;
    _cleanup_(error_done) struct error err = {0};
    const char *text = "{\"a\": {\"b\": 7, \"c\": \"x\", \"d\": true}, \"raw.idmap\": \"r\"}";
    _cleanup_json_ json_t *value = json_parse(text, strlen(text), "test", &err);
    assert_non_null(value);
    assert_int_equal(json_int_at(value, "a.b"), 7);
    assert_string_equal(json_str_at(value, "a.c"), "x");
    assert_true(json_bool_at(value, "a.d"));
    assert_string_equal(json_str_at(value, "a.b"), ""); /* another type */
    assert_int_equal(json_int_at(value, "a.b.c"), 0);
    assert_string_equal(json_str_at(NULL, "a"), "");
    assert_string_equal(json_get_str(value, "raw.idmap"), "r");
    _cleanup_json_ json_t *bad = json_parse("{\"a\": ", 6, "the answer", &err);
    assert_null(bad);
    assert_non_null(strstr(err.message, "the answer is not JSON: line 1"));
}

static void collect(void *data, json_t *member) {
    buffer_printf(data, "%s;", json_str_at(member, "n"));
}

static void check_each(const char *text, const char *wanted, bool good) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(buffer_done) struct buffer got = {0};
    _cleanup_json_ json_t *rest = NULL;
    buffer_text(&got, "");
    if (json_each(text, strlen(text), "metadata", collect, &got, &rest, "the answer", &err) != good)
        fail_msg("%s: %s", text, err.message ? err.message : "taken");
    assert_string_equal(got.data, wanted);
    if (good)
        assert_true(json_is_object(rest));
}

/* The same as it comes, byte by byte. */
static void check_coming(const char *text, const char *wanted) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(buffer_done) struct buffer got = {0}, coming = {0};
    buffer_text(&got, "");
    for (const char *at = text; *at; at++) {
        buffer_add(&coming, at, 1);
        json_each_so_far(&coming, "metadata", collect, &got);
        assert_int_equal(strlen(coming.data), coming.size);
    }
    assert_true(coming.size < strlen(text)); /* what was given is not kept */
    assert_true(json_each(coming.data, coming.size, "metadata", collect, &got, NULL, "the answer", &err));
    assert_string_equal(got.data, wanted);
}

static void test_each(void **state) {
    (void)state;
    check_each("{\"type\":\"sync\",\"metadata\":[{\"n\":\"a\"}, {\"n\":\"b\"} ]}", "a;b;", true);
    check_each("{\"metadata\":[]}", "", true);
    check_each("{\"metadata\":[ ],\"x\":1}\n", "", true);
    check_each("{\"type\":\"error\",\"metadata\":null}", "", true);
    check_each("{\"metadata\":[{\"n\":\"a\"}", "a;", false);
    check_each("{\"metadata\":[{\"n\":\"a\"},]}", "a;", false);
    check_each("{\"metadata\":[{\"n\":\"a\"}]", "a;", false);
    check_each("{\"metadata\":[{\"n\":}]}", "", false);
    check_each("{\"x\":{\"metadata\":[{\"n\":\"a\"}]}}", "a;", false);
    check_each("", "", false);
    check_coming(
        "{\"type\":\"sync\",\"metadata\":[{\"n\":\"a\"}, {\"n\":\"b,]\"} ,{\"n\":\"c\",\"x\":[1,2]}]}",
        "a;b,];c;");
    check_coming("{\"metadata\":[{\"n\":\"a\"},{\"n\":\"b\"}],\"z\":{\"metadata\":[3]}}", "a;b;");
}

static void test_lists(void **state) {
    (void)state;
    _cleanup_(strings_done) struct strings list = {0};
    strings_add(&list, "a");
    strings_printf(&list, "%d", 2);
    assert_null(list.items[2]);
    _cleanup_free_ char *joined = strings_join(&list, ", ");
    assert_string_equal(joined, "a, 2");
    assert_true(strings_has(&list, "2"));
    assert_false(strings_has(&list, "b"));
    _cleanup_(buffer_done) struct buffer buffer = {0};
    buffer_add(&buffer, "abcdef", 6);
    buffer_drop(&buffer, 2);
    assert_string_equal(buffer.data, "cdef");
    buffer_drop(&buffer, 4);
    assert_int_equal(buffer.size, 0);
}

/* The reason in an instance's log; a line whose words are empty is none (found by tests/fuzz/files.c). */
static void test_log_reason(void **state) {
    (void)state;
    _cleanup_free_ char *reason = instance_log_reason(
        "lxc a 20260101 ERROR    conf - ../src/conf.c:lxc_map_ids:3701 - Failed to set up id mapping\n"
        "lxc a 20260101 INFO     start - ../src/start.c:x:1 - fine\n"
        "lxc a 20260101 ERROR    start - ../src/start.c:x:2 - Failed to spawn\n"
        "lxc a 20260101 ERROR    start - ../src/start.c:x:2 - Failed to spawn\n");
    assert_string_equal(reason, "Failed to set up id mapping; Failed to spawn");
    assert_null(instance_log_reason("lxc a 20260101 ERROR    conf - ../src/conf.c:f:1 - \n"));
    assert_null(instance_log_reason(""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absolute), cmocka_unit_test(test_under),  cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_shown),    cmocka_unit_test(test_quoted), cmocka_unit_test(test_json),
        cmocka_unit_test(test_lists),    cmocka_unit_test(test_each),   cmocka_unit_test(test_log_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
