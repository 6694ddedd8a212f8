/* A repository's configuration, whoever wrote it. */
/* Covers: gitconfig_read read_header read_variable read_value escape quoted name skip skip_line more */
#include "tests/fuzz/fuzz.h"

#include "guard/gitconfig.h"

static void note(void *data, const char *section, const char *subsection, const char *name,
                 const char *value) {
    size_t *sum = data;
    assert(*section && *name);
    *sum += strlen(section) + (subsection ? strlen(subsection) : 0) + strlen(name) + strlen(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    size_t sum = 0;
    gitconfig_read((const char *)bytes, size, note, &sum);
    return 0;
}
