/* Lines that are typed, names and mounts. */
/* Covers: words_split_unfinished words_split str_shown name_parse split mounts_add check_inside */
/* Covers: overlaps str_utf8_length */
#include "tests/fuzz/fuzz.h"

#include "workspace/mount.h"
#include "workspace/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = fuzz_text(bytes, size), *shown = str_shown(text);
    _cleanup_(strings_done) struct strings all = {0}, whole = {0};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    _cleanup_(error_done) struct error err = {0};
    unsigned int slot = 0;
    assert(str_is_utf8(shown) && strlen(shown) <= strlen(text));
    words_split_unfinished(text, &all);
    assert(all.count > 0);
    words_split(text, &whole);
    if (name_parse("coi-", text, &slot))
        assert(slot >= 1 && slot <= STANDBY_LAST && (slot <= RUN_SLOTS || slot >= STANDBY_FIRST));
    for (size_t i = 0; i < all.count && i < 4; i++) {
        error_done(&err);
        if (mounts_add(&mounts, "it", all.items[i], &err))
            assert(mounts.items[mounts.count - 1].path[0] == '/' &&
                   !str_equal(mounts.items[mounts.count - 1].path, "/"));
    }
    return 0;
}
