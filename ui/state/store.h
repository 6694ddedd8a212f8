/*
 * What the daemon has, as its answers and events tell it (link.h brings them). A value: nothing here asks,
 * waits or draws.
 */
#pragma once

#include "incus/member.h"
#include "incus/server.h"
#include "session/list.h"
#include "watch/activity.h"

enum link_state {
    LINK_CONNECTING,
    LINK_UP,
    LINK_AWAY, /* `why` says so; it is tried again by itself */
};

struct store_row {
    char *key; /* who it is on the screen: the instance's name, of a remote's "REMOTE:NAME" */
    const struct store *store;
    struct session session;
    const char *busy; /* what is being done to it ("stop"), a constant; NULL: nothing */
    char *operation;  /* the id of what is */
    bool wanted;      /* it is being asked for */
    bool silent;      /* its machine does not answer for it: what is shown is the last that was known */
    bool again;       /* and has changed since */
    bool listed;      /* in the list that is coming in */
    bool removing;    /* an orphan that is being removed */
    struct activity *activity; /* what it is at, lent by its watch; NULL: it has none */
    char *at;                  /* the same in words, when the screen was last told of it */
    bool moved;                /* that has become another since its repository was looked at */
    char *branch;              /* of its workspace's repository; NULL: not looked at, or none */
    long files;                /* that differ there since it began; -1: not known */
    bool muted;                /* it draws no attention */
    int64_t told_of;           /* since when it had wanted what was told outside last */
    /* Filled in by statistics: -1 unknown. */
    double cpu;               /* of one processor, in percent */
    int64_t memory;           /* bytes */
    int64_t cpu_time, cpu_at; /* nanoseconds used, at which loop_now() */
};

struct store {
    const char *prefix; /* of sessions' names; borrowed */
    const char *remote; /* what its rows' keys begin with; NULL: nothing; borrowed */
    enum link_state link;
    char *why;
    struct strings hints; /* what mends it */
    bool complete;        /* the first list has come in */
    struct server server;
    struct members members;  /* of its cluster; none: it is in none, or they are not known */
    struct store_row **rows; /* in no order; each stays where it is */
    size_t count;
    struct records records; /* of containers of coi's, read when one is seen */
};
void store_done(struct store *store);

/* Nothing can be had of it now: its daemon is away, or its machine does not answer. */
static inline bool store_row_is_away(const struct store_row *row) {
    return row->silent || row->store->link == LINK_AWAY;
}

/* By its name; NULL if it is not there (any more). */
struct store_row *store_find(const struct store *store, const char *name);

/* A list comes in: what was taken by its end is there, the rest is gone. */
void store_list_begin(struct store *store);
void store_list_end(struct store *store);
/* The list names one of which nothing else is known: it stays, or becomes a row that is silent. */
void store_take_name(struct store *store, const char *name);
/*
 * Takes the members as they are now: rows of one that is not online are silent. `name` of one that is
 * online again is called for each of its rows. Whether any of them is another than before.
 */
bool store_take_members(struct store *store, const json_t *list, void (*back)(void *data, const char *name),
                        void *data);
/* Its daemon has said which member it is: what is elsewhere is known now. */
void store_place(struct store *store);
/*
 * The daemon's object of an instance, as a new row or a row's new state. What is none is left out; one that
 * the daemon could not see either (see instance_unseen()) is silent.
 */
void store_take(struct store *store, json_t *instance);
void store_remove(struct store *store, const char *name);

/* What is to be asked for after an event. */
enum store_wants { STORE_WANTS_NOTHING, STORE_WANTS_INSTANCE, STORE_WANTS_LIST };
/* A lifecycle event. *name gets the instance that is wanted, or that has been removed; caller owns. */
enum store_wants store_lifecycle(struct store *store, const json_t *metadata, char **name) nodiscard;
/* An operation's event: rows are busy, or no longer. Whether something is another. */
bool store_operation(struct store *store, const json_t *metadata);
/* The connection is lost: the rows stay as the last that was known, and nothing is known to be done to
 * them. */
void store_lost(struct store *store, const struct error *why);
