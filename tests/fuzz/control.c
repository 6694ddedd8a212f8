/* tmux' control mode, whose every byte may be a container's, and what its panes write. */
/* Covers: decode take_output take_value take_notification begin_reply end_reply take_line control_feed */
/* Covers: take_kitty take_osc take_byte scan_feed take_state activity_take activity_take_lines */
#include "tests/fuzz/fuzz.h"

#include "watch/activity.h"
#include "watch/control.h"
#include "watch/scan.h"

#include <stdlib.h>
#include <string.h>

#define NOW 1700000000000

struct session {
    struct activity activity;
    struct scan scan;
};

static void rang(void *data) {
    struct session *session = data;
    activity_bell(&session->activity, "%0", NOW);
}
static void notified(void *data, const char *text) {
    struct session *session = data;
    activity_notify(&session->activity, text, NOW);
}
static void prompted(void *data, int status) {
    struct session *session = data;
    assert(status >= -1 && status <= 255);
    activity_prompt(&session->activity, "%0", status, NOW);
}

static void output(void *data, const char *pane, const char *bytes, size_t size) {
    static const struct scan_handler handler = {rang, notified, prompted};
    struct session *session = data;
    activity_output(&session->activity, pane, NOW);
    scan_feed(&session->scan, bytes, size, &handler, session);
}
static void value(void *data, const char *pane, const char *name, const char *text) {
    struct session *session = data;
    activity_take(&session->activity, pane, name, text, NOW);
}
static void reply(void *data, bool good, const char *text, size_t size) {
    struct session *session = data;
    assert(strlen(text) == size);
    if (good)
        activity_take_lines(&session->activity, text, NOW);
}
static void changed(void *data) {
    (void)data;
}
static void said(void *data, const char *text) {
    (void)data;
    assert(strlen(text) < 1u << 21);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    static const struct control_handler handler = {output, value, reply, changed, said, said};
    struct session session = {0};
    struct control control = {.handler = &handler, .data = &session};
    size_t half = size / 2;
    if (control_feed(&control, bytes, half) && control_feed(&control, bytes + half, size - half)) {
        _cleanup_free_ char *text = activity_text(&session.activity, NOW),
                            *reason = activity_reason(&session.activity, NOW);
        assert(str_is_utf8(text) && str_is_utf8(reason));
        _cleanup_json_ json_t *json = activity_json(&session.activity, NOW);
        assert(json);
    }
    control_done(&control);
    activity_done(&session.activity);
    return 0;
}
