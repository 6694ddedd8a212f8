/*
 * The store's connection to the daemon: a list once, then what its events tell, and again from the
 * beginning when it was lost. Nothing is polled.
 */
#pragma once

#include "incus/client.h"
#include "ui/state/store.h"

struct link;

struct link_handler {
    /* Something in the store is new. */
    void (*changed)(void *data);
    /* A command was begun in an instance, by whomever. */
    void (*executed)(void *data, const char *name);
    /* An image has come or gone. */
    void (*images)(void *data);
};

/* Begins. The handler is borrowed. */
struct link *link_open(struct incus *client, struct store *store, const struct link_handler *handler,
                       void *data) nodiscard;
void link_close(struct link *link);
