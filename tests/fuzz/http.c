/* Answers as they come from a socket: HTTP, the envelope, an operation and its end. */
/* Covers: take_body take_header read_reply daemon_error not_an_incus call_done begun ended finish */
/* Covers: tell */
#include "tests/fuzz/daemon.h"
#include "tests/fuzz/fuzz.h"

#include "incus/operation.h"

static void done(void *data, const json_t *metadata, struct error *err) {
    (void)metadata;
    assert(err->class == ERROR_NONE || err->message);
    *(bool *)data = true;
}

static void progress(void *data, const char *words) {
    (void)data;
    assert(str_is_utf8(words));
}

static void owner(void *data, const struct reply *reply, struct error *err) {
    (void)err;
    if (reply)
        assert(reply->owner_uid >= -1 && reply->raw);
    *(bool *)data = true;
}

static void member(void *data, json_t *json) {
    (void)data;
    assert(json);
}

/* The first byte says what is asked. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct incus *client = fake_client();
    bool over = false;
    if (size)
        fake_answers(NULL, bytes + 1, size - 1);
    else
        fake_answers(NULL, bytes, 0);
    switch (size ? bytes[0] % 4 : 0) {
    case 0:
        (void)!operation_start(client, "POST", "/1.0/instances", NULL, progress, done, &over);
        break;
    case 1:
        incus_call(client, "HEAD", "/1.0/instances/a/files?path=/", NULL, owner, &over);
        break;
    case 2:
        incus_call_each(client, "/1.0/instances?recursion=1", member, NULL, owner, &over);
        break;
    default:
        incus_call(client, "GET", "/1.0", NULL, owner, &over);
    }
    fake_run(&over);
    incus_free(client);
    return 0;
}
