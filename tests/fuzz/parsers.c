/*
 * Every parser of outside data, under libFuzzer (https://llvm.org/docs/LibFuzzer.html): the first byte
 * chooses one, the rest is what it is given. What is held is said by assert(); memory by ASan.
 */
#include "base/json.h"
#include "config/settings.h"
#include "idmap/mounts.h"
#include "idmap/subid.h"
#include "incus/instance.h"
#include "session/list.h"
#include "workspace/name.h"

#include <assert.h>
#include <string.h>

static void mountinfo(const char *text) {
    char type[40] = "";
    if (mounts_type_of_id(text, 29, type, sizeof type))
        assert(strlen(type) < sizeof type);
}

static void subid(const char *text) {
    bool both = subid_delegates(text, 1001);
    _cleanup_free_ char *more = str_printf("%s\nroot:1001:1\n", text);
    assert(subid_delegates(more, 1001) && (!both || subid_delegates(text, 1001)));
}

/* A mistake is an error with a line, and never half a value. */
static void settings(const char *text) {
    _cleanup_(settings_done) struct settings settings = {0};
    _cleanup_(error_done) struct error err = {0};
    if (!settings_parse(&settings, "f.ini", text, &err))
        assert(err.class == ERROR_USAGE && str_starts(err.message, "f.ini:"));
}

static void member(void *data, json_t *json) {
    _cleanup_(instance_done) struct instance instance = {0};
    struct session row = {0};
    (void)data;
    if (!instance_read(&instance, json))
        return;
    session_read(&row, "coi-", &instance, &(struct records){.loaded = true});
    session_done(&row);
}

static void listing(const char *text) {
    _cleanup_(error_done) struct error err = {0};
    if (!json_each(text, strlen(text), "metadata", member, NULL, NULL, "it", &err))
        assert(err.class == ERROR_FAILED);
}

static void words(const char *text) {
    _cleanup_(strings_done) struct strings all = {0};
    _cleanup_free_ char *shown = str_shown(text);
    assert(str_is_utf8(shown) && strlen(shown) <= strlen(text));
    words_split_unfinished(text, &all);
    assert(all.count > 0);
    unsigned int slot = 0;
    if (name_parse("coi-", text, &slot))
        assert(slot >= 1 && slot <= RUN_SLOTS);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size) {
    static void (*const parsers[])(const char *) = {mountinfo, subid, settings, listing, words};
    if (size == 0)
        return 0;
    _cleanup_free_ char *text = str_copy_n((const char *)bytes + 1, size - 1);
    parsers[bytes[0] % array_length(parsers)](text);
    return 0;
}
