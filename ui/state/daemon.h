/*
 * The daemons that the screen shows: the first one, where new sessions go, and remotes beside it. Each has
 * a client, a store and a connection of its own, so that none waits for another.
 */
#pragma once

#include "ui/state/link.h"
#include "watch/watches.h"

struct daemon {
    char *name; /* of the remote; NULL: it is the first, whose rows' keys are bare names */
    struct incus *client;
    struct store store;
    struct link *link;
    struct watches *watches; /* of its sessions that run */
    bool was_away;
    void *owner; /* whose it is, for handlers */
};

struct daemons {
    struct daemon **items; /* the first is always there */
    size_t count;
};

/* Takes the client. `name` NULL: the first. The connection is not begun. */
struct daemon *daemons_add(struct daemons *daemons, const char *name, struct incus *take_client,
                           const char *prefix);
void daemons_done(struct daemons *daemons);

/* A row by its key (struct store_row); NULL if it is not there (any more). */
struct store_row *daemons_find(const struct daemons *daemons, const char *key);
/* The daemon that a key belongs to, whether the row is there or not. */
struct daemon *daemons_of(const struct daemons *daemons, const char *key);
/* All rows, one behind the other; NULL behind the last. */
struct store_row *daemons_row(const struct daemons *daemons, size_t index);
/* The key of an instance of the daemon with this client. Caller owns. */
char *daemons_key(const struct daemons *daemons, const struct incus *client, const char *name) nodiscard;
/* The instance's name in a key; lent. */
const char *daemons_name(const char *key);

/* On which machine a row's session is: "local", "nodeb", "lab", "lab/nodeb". Caller owns. */
char *daemons_machine(const struct daemons *daemons, const struct store_row *row) nodiscard;
/* A row's workspace as a launch request names it: one of another machine is said to be that. Caller owns.
 */
char *daemons_workspace(const struct daemons *daemons, const struct store_row *row) nodiscard;
/* The daemon that a workspace of a request is said to be of: "lab:/home/dev/app"; else the first. */
struct daemon *daemons_for(const struct daemons *daemons, const char *workspace);
/* Whether there is more than one machine in view. */
bool daemons_several(const struct daemons *daemons);
