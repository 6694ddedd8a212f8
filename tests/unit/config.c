/* The configuration file, the environment and flags. */
#include "config/settings.h"
#include "config/value.h"
#include "tests/harness/unit.h"

#include <string.h>

static void fresh(struct settings *settings) {
    _cleanup_(error_done) struct error err = {0};
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    assert_true(settings_load(settings, &err));
}

static void test_order(void **state) {
    (void)state;
    _cleanup_(settings_done) struct settings settings = {0};
    _cleanup_(error_done) struct error err = {0};
    fresh(&settings);
    assert_string_equal(settings_text(&settings, SETTING_IMAGE), "coi");
    assert_int_equal(settings_id(&settings, SETTING_CODE_UID), 1000);
    assert_int_equal(settings_id(&settings, SETTING_CODE_GID), 1000);
    assert_true(settings_parse(&settings, "f.ini",
                               "# words\n[incus]\ncode_uid = 1234\ndisable_shift = yes\n\n"
                               "[container]\nimage = mine  ; why\n[limits]\nmemory=2GiB\ncpu = 0-3,5\n",
                               &err));
    assert_int_equal(settings_id(&settings, SETTING_CODE_UID), 1234);
    assert_int_equal(settings_id(&settings, SETTING_CODE_GID), 1234);
    assert_true(settings_bool(&settings, SETTING_DISABLE_SHIFT));
    assert_string_equal(settings_text(&settings, SETTING_IMAGE), "mine");
    assert_string_equal(settings.values[SETTING_IMAGE].where, "f.ini:7");
    assert_string_equal(settings.values[SETTING_MEMORY].where, "f.ini:9");
    assert_true(settings_flag(&settings, SETTING_IMAGE, "--image", "other", &err));
    assert_string_equal(settings_text(&settings, SETTING_IMAGE), "other");
    assert_int_equal(settings.values[SETTING_IMAGE].origin, ORIGIN_FLAG);
}

static void test_environment(void **state) {
    (void)state;
    _cleanup_(settings_done) struct settings settings = {0}, bad = {0};
    _cleanup_(error_done) struct error err = {0};
    setenv("BERTH_IMAGE", "from-env", 1);
    fresh(&settings);
    assert_string_equal(settings_text(&settings, SETTING_IMAGE), "from-env");
    assert_string_equal(settings.values[SETTING_IMAGE].where, "$BERTH_IMAGE");
    setenv("BERTH_CPU", "many", 1);
    assert_false(settings_load(&bad, &err));
    assert_non_null(strstr(err.message, "$BERTH_CPU: \"many\" is not"));
    unsetenv("BERTH_IMAGE");
    unsetenv("BERTH_CPU");
}

static void test_profile(void **state) {
    (void)state;
    _cleanup_(settings_done) struct settings settings = {0};
    _cleanup_(error_done) struct error err = {0};
    fresh(&settings);
    assert_true(settings_parse(&settings, "f.ini",
                               "[container]\nimage = plain\n"
                               "[profile agent]\nimage = agent\nmemory = 4GiB\ncommand = claude --fast\n"
                               "[profile big]\nmemory = 64GiB\n",
                               &err));
    assert_string_equal(settings_text(&settings, SETTING_IMAGE), "plain");
    assert_true(settings_flag(&settings, SETTING_MEMORY, "--memory", "1GiB", &err));
    assert_true(settings_profile(&settings, "--profile", "agent", &err));
    assert_string_equal(settings_text(&settings, SETTING_IMAGE), "agent");
    assert_string_equal(settings.values[SETTING_IMAGE].where, "f.ini:4");
    assert_string_equal(settings_text(&settings, SETTING_TOOL), "claude --fast");
    assert_string_equal(settings_text(&settings, SETTING_MEMORY), "1GiB");
    assert_false(settings_profile(&settings, "--profile", "small", &err));
    assert_int_equal(error_status(&err), 2);
    assert_string_equal(err.message, "--profile: profile \"small\" not found");
    assert_non_null(strstr(err.hints.items[0], "agent, big"));
}

static void check_mistake(const char *content, const char *words) {
    _cleanup_(settings_done) struct settings settings = {0};
    _cleanup_(error_done) struct error err = {0};
    fresh(&settings);
    if (settings_parse(&settings, "f.ini", content, &err))
        fail_msg("taken: %s", content);
    assert_int_equal(error_status(&err), 2);
    if (!strstr(err.message, words))
        fail_msg("%s", err.message);
}

static void test_mistakes(void **state) {
    (void)state;
    char wide[600];
    memset(wide, 'x', sizeof wide - 1);
    wide[sizeof wide - 1] = 0;
    check_mistake("[profile a]\nnonsense = 1\n", "f.ini:2: unknown key \"nonsense\" in a profile");
    check_mistake("[profile a]\ncpu = 1\ncpu = 2\n", "f.ini:3: cpu is set twice");
    check_mistake("[profile a]\ncpu = lots\n", "f.ini:2: cpu: \"lots\" is not");
    check_mistake("[incus]\nfoo = 1\n", "f.ini:2: unknown key \"foo\" in [incus]");
    check_mistake("[nope]\nimage = 1\n", "f.ini:2: unknown key \"image\" in [nope]");
    check_mistake("image = x\n", "f.ini:1: unknown key \"image\" in []");
    check_mistake("[incus]\n\ncode_uid = -1\n", "f.ini:3: code_uid: \"-1\" is not");
    check_mistake("[incus]\ncode_uid = 4294967295\n", "is not a user or group id");
    check_mistake("[incus]\ndisable_shift = maybe\n", "\"maybe\" is not true or false");
    check_mistake("[limits]\nmemory = lots\n", "is not a size");
    check_mistake("[limits]\ndisk_read = 10%\n", "is not a rate");
    check_mistake("[limits]\nprocesses = 0\n", "is not a number above 0");
    check_mistake("[container]\npre_start = sh\n", "is not the absolute path");
    check_mistake("[container]\nimage = a\nimage = b\n", "f.ini:3: image is set twice");
    check_mistake("[container\nimage = a\n", "f.ini:1: neither");
    check_mistake("[container]\nwhat is this\n", "f.ini:2: neither");
    check_mistake("[container]\nimage =\n", "\"\" is not");
    check_mistake(wide, "f.ini:1: a line longer");
}

static void check_value(enum setting_kind kind, const char *value, bool wanted) {
    _cleanup_(error_done) struct error err = {0};
    if (value_check(kind, value, &err) != wanted)
        fail_msg("kind %d: \"%s\"", (int)kind, value);
}

static void test_values(void **state) {
    (void)state;
    static const char *const cpus[] = {"1", "16", "0-3", "0,2", "1,3,5-7"};
    static const char *const no_cpus[] = {"", "0", "-1", "1-", "1,,2", "a", "1.5", "999999"};
    static const char *const sizes[] = {"512MB", "2GiB", "1", "50%", "100kB"};
    static const char *const no_sizes[] = {"", "0", "0MB", "MB", "1.5GB", "-1", "2 GB", "2GBit"};
    for (size_t i = 0; i < array_length(cpus); i++)
        check_value(KIND_CPU, cpus[i], true);
    for (size_t i = 0; i < array_length(no_cpus); i++)
        check_value(KIND_CPU, no_cpus[i], false);
    for (size_t i = 0; i < array_length(sizes); i++)
        check_value(KIND_SIZE, sizes[i], true);
    for (size_t i = 0; i < array_length(no_sizes); i++)
        check_value(KIND_SIZE, no_sizes[i], false);
    check_value(KIND_RATE, "500iops", true);
    check_value(KIND_RATE, "20MiB", true);
    check_value(KIND_TEXT, "a b", true);
    check_value(KIND_TEXT, "a\x1b", false);
    check_value(KIND_TEXT, "\xff", false);
}

/* Every line of the example, its semicolon taken off, is a setting, and those built in are told right. */
static void test_example(void **state) {
    (void)state;
    _cleanup_(settings_done) struct settings settings = {0};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(buffer_done) struct buffer text = {0};
    char line[256];
    FILE *file = fopen("assets/config.ini", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file))
        buffer_printf(&text, "%s", line + (line[0] == ';' && line[1] != ' '));
    fclose(file);
    fresh(&settings);
    if (!settings_parse(&settings, "assets/config.ini", text.data, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < SETTINGS_COUNT; i++)
        assert_true(str_starts(settings.values[i].where, "assets/config.ini:"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),    cmocka_unit_test(test_environment), cmocka_unit_test(test_profile),
        cmocka_unit_test(test_mistakes), cmocka_unit_test(test_values),      cmocka_unit_test(test_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
