/* The settings' file: a mistake is an error with a line, and never half a value. */
/* Covers: next_line ini_text_parse find unknown_key take_value add_mount is_path take_mount */
/* Covers: take_profile take_pair */
/* Covers: settings_parse settings_profile settings_copy is_amount is_size is_rate is_cpu is_text */
/* Covers: is_value value_check */
#include "tests/fuzz/fuzz.h"

#include "config/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = fuzz_text(bytes, size);
    _cleanup_(settings_done) struct settings settings = {.file = str_copy("f.ini")}, copy = {0};
    _cleanup_(error_done) struct error err = {0}, ignored = {0};
    if (!settings_parse(&settings, "f.ini", text, &err)) {
        assert(err.class == ERROR_USAGE && str_starts(err.message, "f.ini:"));
        return 0;
    }
    bool known = settings_profile(&settings, "--profile", "a", &ignored);
    assert(known == (ignored.class == ERROR_NONE));
    settings_copy(&copy, &settings);
    for (int i = 0; i < SETTINGS_COUNT; i++)
        assert(str_equal(settings_text(&copy, (enum setting)i), settings_text(&settings, (enum setting)i)));
    return 0;
}
