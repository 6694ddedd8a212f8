/* The mapping of a workspace, and what a container really has of it: gathered, not drawn. No curses. */
#pragma once

#include "incus/server.h"
#include "launch/ownership.h"
#include "launch/prepare.h"
#include "session/inspect.h"
#include "session/protection.h"

struct mapping {
    char *workspace; /* absolute; NULL: there is none */
    bool known;      /* facts and decision are filled in; else `err` says why not */
    struct idmap_facts facts;
    struct idmap_decision decision;
    struct error err;
    struct owners owners;         /* of its first entries */
    struct protection protection; /* of the workspace; `guard_err` says why there is none */
    struct error guard_err;
    /* Of a container: what it has. */
    char *container;
    bool inspected;
    struct inspection inspection;
};

/* `server` NULL: the daemon is not known yet. What was in `mapping` is dropped. */
void mapping_of_workspace(struct mapping *mapping, const struct settings *settings, const char *path,
                          const struct server *server);
/*
 * The same of a directory of another machine ("nodeb:/home/dev/app"), of which nothing is seen from here;
 * `owner` is whom it is known to belong to, uid 0: nobody.
 */
void mapping_elsewhere(struct mapping *mapping, const struct settings *settings, const char *path,
                       struct idmap_ids owner);
/* The same of a workspace on the machine that `there` tells of, whose daemon `server` is (NULL: unknown).
 */
void mapping_there(struct mapping *mapping, const struct settings *settings,
                   const struct workspace *workspace, const struct facts_there *there,
                   const struct server *server);
void mapping_done(struct mapping *mapping);
/* Its guard alone, once more. */
void mapping_look_at_guard(struct mapping *mapping, const struct settings *settings);

/* Whether the container runs with another mapping than its workspace needs now. */
bool mapping_differs(const struct mapping *mapping);
/* Whether something is wrong that the user has to see. */
bool mapping_is_bad(const struct mapping *mapping);
/* What the user can type to mend it. */
void mapping_remedies(const struct mapping *mapping, struct strings *remedies);
