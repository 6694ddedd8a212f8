/* The daemon's answers to a walk of an instance's files. */
/* Covers: sftp_feed take_packet take_answer take_names take_status read_attributes read_string */
/* Covers: read_number add_entry is_a_name */
#include "tests/fuzz/fuzz.h"

#include "incus/sftp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char *const skipped[] = {"/proc", NULL};
    const struct strings skip = {(char **)skipped, 1};
    struct error err = {0};
    struct sftp *sftp = sftp_new(&skip, 1000);
    size_t piece = size ? data[0] + 1u : 1;
    for (size_t at = 1; at < size; at += piece) {
        if (!sftp_feed(sftp, data + at, size - at < piece ? size - at : piece, &err) || sftp_is_done(sftp))
            break;
        buffer_drop(sftp_out(sftp), sftp_out(sftp)->size);
    }
    struct sftp_entries found = sftp_take(sftp);
    sftp_entries_sort(&found);
    sftp_entries_done(&found);
    sftp_free(sftp);
    error_done(&err);
    return 0;
}
