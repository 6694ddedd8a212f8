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

/* "/1.0/instances/NAME?project=…", as events name what they are about: NAME. NULL if it is no instance's.
 * Caller owns. */
char *event_instance(const char *url) nodiscard;
/* Of a lifecycle event: whether an instance is another now. That something was run or read in it is not
 * that. */
bool event_changes_instance(const json_t *metadata);
/* Of the same: the instance in which a command was begun, by whomever; NULL if it says anything else.
 * Caller owns. */
char *event_executed(const json_t *metadata) nodiscard;
