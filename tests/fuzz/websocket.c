/* The upgrade's answer and what comes behind it, as events. */
/* Covers: read_answer refused pump take_message receive start_frames ready is_over fail end message */
/* Covers: closed opened */
#include "tests/fuzz/daemon.h"
#include "tests/fuzz/fuzz.h"

#include "incus/event.h"

static void event(void *data, const char *type, const json_t *metadata) {
    (void)data, (void)metadata;
    assert(type);
}

static void opened(void *data) {
    (void)data;
}

static void closed(void *data, struct error *err) {
    assert(!err || err->class == ERROR_DAEMON);
    *(bool *)data = true;
}

/* The first byte says whether the upgrade's answer is the input's too. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const struct events_handler handler = {.event = event, .opened = opened, .closed = closed};
    struct incus *client = fake_client();
    bool over = false, whole = size && bytes[0] % 4 == 0;
    fake_answers(whole ? NULL : "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n",
                 size ? bytes + 1 : bytes, size ? size - 1 : 0);
    struct events *events = events_open(client, "lifecycle", &handler, &over);
    fake_run(&over);
    events_free(events);
    incus_free(client);
    return 0;
}
