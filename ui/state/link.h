/*
 * The store's connection to the daemon: a list once, then what its events tell, and again from the
 * beginning when it was lost. Nothing is polled.
 */
#pragma once

#include "incus/client.h"
#include "ui/state/store.h"

struct link;

/* Begins. `changed` is called whenever something in the store is new. */
struct link *link_open(struct incus *client, struct store *store, void (*changed)(void *data),
                       void *data) nodiscard;
void link_close(struct link *link);
