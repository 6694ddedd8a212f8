/*
 * The daemon's event stream (https://linuxcontainers.org/incus/docs/main/events/).
 */
#pragma once

#include "incus/client.h"

struct events;

struct events_handler {
    /* One event, its metadata lent: type is "lifecycle", "operation" or "logging". */
    void (*event)(void *data, const char *type, const json_t *metadata);
    /* The stream has begun: what changed before is not in it. May be NULL. */
    void (*opened)(void *data);
    /* The stream has ended; `err` may be NULL. */
    void (*closed)(void *data, struct error *err);
};

/* Listens to `types` ("lifecycle,operation") of the client's project. The handler is borrowed. */
struct events *events_open(struct incus *client, const char *types, const struct events_handler *handler,
                           void *data) nodiscard;
void events_free(struct events *events);
