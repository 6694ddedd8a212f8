/* /etc/subuid: whatever else is in it, a line that delegates does. */
/* Covers: read_line subid_delegates */
#include "tests/fuzz/fuzz.h"

#include "idmap/subid.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *text = fuzz_text(bytes, size), *more = str_printf("%s\nroot:1001:1\n", text);
    unsigned int malformed;
    (void)subid_delegates(text, 1001, &malformed);
    assert(malformed <= size + 1);
    assert(subid_delegates(more, 1001, &malformed));
    return 0;
}
