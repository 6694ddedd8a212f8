#include "incus/event.h"

#include "incus/websocket.h"

#include <string.h>

struct events {
    struct websocket *websocket;
    const struct events_handler *handler;
    void *data;
};

static void opened(void *data) {
    struct events *events = data;
    if (events->handler->opened)
        events->handler->opened(events->data);
}

static void message(void *data, bool binary, const void *bytes, size_t size) {
    struct events *events = data;
    _cleanup_(error_done) struct error ignored = {0};
    (void)binary;
    /* an event that is not JSON is not for us; the next one may be */
    _cleanup_json_ json_t *event = json_parse(bytes, size, "an event", &ignored);
    if (event)
        events->handler->event(events->data, json_str_at(event, "type"), json_at(event, "metadata"));
}

static void closed(void *data, struct error *err) {
    struct events *events = data;
    events->handler->closed(events->data, err);
}

struct events *events_open(struct incus *client, const char *types, const struct events_handler *handler,
                           void *data) {
    static const struct websocket_handler inner = {.opened = opened, .message = message, .closed = closed};
    struct events *events = mem_new(sizeof *events);
    *events = (struct events){.handler = handler, .data = data};
    _cleanup_free_ char *escaped = incus_escape(types), *query = str_printf("type=%s", escaped),
                        *path = incus_path(query, "events", NULL);
    events->websocket = websocket_open(client, path, &inner, events);
    return events;
}

void events_free(struct events *events) {
    if (!events)
        return;
    websocket_free(events->websocket);
    free(events);
}

char *event_instance(const char *url) {
    static const char begin[] = "/1.0/instances/";
    if (!str_starts(url, begin))
        return NULL;
    const char *name = url + strlen(begin);
    return str_copy_n(name, strcspn(name, "?/"));
}

bool event_changes_instance(const json_t *metadata) {
    static const char *const others[] = {"instance-exec",    "instance-console",  "instance-file",
                                         "instance-log",     "instance-metadata", "instance-backup",
                                         "instance-snapshot"};
    const char *action = json_str_at(metadata, "action");
    for (size_t i = 0; i < array_length(others); i++)
        if (str_starts(action, others[i]))
            return false;
    return str_starts(action, "instance-");
}

char *event_executed(const json_t *metadata) {
    bool exec = str_equal(json_str_at(metadata, "action"), "instance-exec");
    return exec ? event_instance(json_str_at(metadata, "source")) : NULL;
}
