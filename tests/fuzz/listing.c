/* The daemon's list of instances, and what a session says of itself in it. */
/* Covers: next_mark each_member json_each json_each_so_far instance_read session_read */
/* Covers: label_recorded_code label_is_persistent time_epoch owner_orphaned owner_is_dead session_copy */
/* Covers: session_done */
#include "tests/fuzz/fuzz.h"

#include "session/list.h"

static void member(void *data, json_t *json) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(session_done) struct session session = {0}, copy = {0};
    struct record known = {.container = (char *)"coi-aaaaaaaa-1"};
    struct records records = {.items = &known, .count = 1, .loaded = true};
    (void)data;
    if (!instance_read(&instance, json))
        return;
    session_read(&session, "coi-", &instance, &records);
    assert(session.slot <= 99 && (session.foreign || session.slot >= 1));
    assert(!(session.ephemeral && session.persistent));
    assert(!session.orphaned || session.ephemeral);
    copy = session_copy(&session);
    assert(str_equal(copy.name, session.name));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *rest = NULL;
    if (!json_each((const char *)bytes, size, "metadata", member, NULL, &rest, "it", &err))
        assert(err.class == ERROR_FAILED);
    error_done(&err);
    _cleanup_(buffer_done) struct buffer coming = {0};
    for (size_t at = 0; at < size; at += 100) { /* the same in pieces */
        buffer_add(&coming, bytes + at, size - at < 100 ? size - at : 100);
        json_each_so_far(&coming, "metadata", member, NULL);
    }
    if (coming.size && !json_each(coming.data, coming.size, "metadata", member, NULL, NULL, "it", &err))
        assert(err.class == ERROR_FAILED);
    return 0;
}
