/*
 * What the daemon has, as its events tell it. Nothing here draws or polls: a list once, then what
 * changes, and again from the beginning when the connection was lost. No curses.
 */
#pragma once

#include "incus/event.h"
#include "incus/server.h"
#include "session/list.h"

enum link_state {
    LINK_CONNECTING,
    LINK_UP,
    LINK_AWAY, /* `why` says so; it is tried again by itself */
};

struct asking;

struct store_row {
    struct session session;
    const char *busy; /* what is being done to it ("stop"), a constant; NULL: nothing */
    char *operation;  /* the id of what is */
    bool wanted;      /* it is being asked for */
    bool again;       /* and has changed since */
    bool listed;      /* in the list that is coming in */
    /* Filled in by statistics: -1 unknown. */
    double cpu;               /* of one processor, in percent */
    int64_t memory;           /* bytes */
    int64_t cpu_time, cpu_at; /* nanoseconds used, at which loop_now() */
};

struct store {
    struct incus *client;
    const char *prefix;
    enum link_state link;
    char *why;
    bool complete; /* the first list has come in */
    struct server server;
    struct store_row **rows; /* in no order; each stays where it is */
    size_t count;
    struct records records; /* of containers of coi's, read when one is seen */
    struct events *events;
    struct call *asking_server, *asking_list;
    struct asking *asked; /* single instances */
    bool list_again;
    struct timer *retry;
    long pause; /* milliseconds until the next try */
    void (*changed)(void *data);
    void *data;
};

/* Starts to listen. `changed` is called whenever something is new; the store must not move. */
void store_open(struct store *store, struct incus *client, const char *prefix, void (*changed)(void *data),
                void *data);
void store_close(struct store *store);

/* By its name; NULL if it is not there (any more). */
struct store_row *store_find(const struct store *store, const char *name);
