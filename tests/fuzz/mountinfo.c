/* /proc/self/mountinfo. */
/* Covers: mounts_type_of_id */
#include "tests/fuzz/fuzz.h"

#include "idmap/mounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = fuzz_text(bytes, size);
    char type[40] = "";
    _cleanup_fclose_ FILE *file = fmemopen(text, strlen(text), "r");
    if (file && mounts_type_of_id(file, 29, type, sizeof type)) {
        assert(strlen(type) < sizeof type);
        (void)mounts_idmapped(type, "6.1.0");
        (void)mounts_idmapped(type, "6.12.0");
    }
    return 0;
}
