/* Records of saved sessions, coi's and ours. */
/* Covers: read_record load_one records_load load_tool records_of_container records_of_id */
/* Covers: records_of_workspace record_json newest_first */
#include "tests/fuzz/fuzz.h"

#include "record/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static char home[64];

static void put(const char *folder, const uint8_t *bytes, size_t size) {
    _cleanup_free_ char *path = str_printf("%s/.coi/sessions-x/%s/metadata.json", home, folder);
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (write(fd, bytes, size) != (ssize_t)size)
        abort();
}

static void make(void) {
    static const char *const folders[] = {"", "/.coi", "/.coi/sessions-x", "/.coi/sessions-x/one",
                                          "/.coi/sessions-x/two"};
    snprintf(home, sizeof home, "/dev/shm/berth-fuzz-%d", (int)getpid());
    for (size_t i = 0; i < array_length(folders); i++) {
        _cleanup_free_ char *path = str_printf("%s%s", home, folders[i]);
        mkdir(path, 0700);
    }
    setenv("HOME", home, 1);
}

/* Two records, halves of the input. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    _cleanup_(records_done) struct records records = {0};
    _cleanup_(error_done) struct error err = {0};
    const uint8_t *cut = size ? memchr(bytes, '\n', size) : NULL;
    size_t first = cut ? (size_t)(cut - bytes) : size;
    if (!*home)
        make();
    put("one", bytes, first);
    put("two", bytes + first, size - first);
    records_load(&records);
    assert(records.count + records.unreadable.count == 2);
    for (size_t i = 0; i < records.count; i++) {
        const struct record *record = &records.items[i];
        _cleanup_json_ json_t *json = record_json(record);
        assert(*record->id && json);
        assert(records_of_container(&records, record->container));
        assert(records_of_workspace(&records, record->workspace));
        assert(records_of_id(&records, record->id, &err));
    }
    (void)records_of_container(&records, "none");
    (void)records_of_workspace(&records, "none");
    (void)records_of_id(&records, "1", &err);
    return 0;
}
