/*
 * What the daemon says of a file: its headers, a directory's names, a link's target; and an instance's
 * log.
 */
/* Covers: take_header take_body read_text transfer_run file_get instance_log_reason */
#include "tests/fuzz/daemon.h"
#include "tests/fuzz/fuzz.h"

#include "incus/file.h"
#include "incus/instance.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct incus *client = fake_client();
    struct file_info info = {0};
    _cleanup_(strings_done) struct strings text = {0};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_fclose_ FILE *to = fopen("/dev/null", "w");
    bool log = size && bytes[0] % 4 == 0;
    (void)fake_loop();
    fake_answers(log ? "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n" : NULL,
                 size ? bytes + 1 : bytes, size ? size - 1 : 0);
    if (log) {
        _cleanup_free_ char *reason = instance_start_reason(client, "a");
        assert(!reason || *reason);
    } else if (file_get(client, "a", "/x", to, &info, &text, &err)) {
        assert((info.mode & ~07777u) == 0);
        for (size_t i = 0; i < text.count; i++)
            assert(text.items[i]);
    } else {
        assert(err.class != ERROR_NONE && err.message);
    }
    incus_free(client);
    return 0;
}
