/* What was found out for a request, before anything is created. */
#pragma once

#include "guard/guard.h"
#include "idmap/idmap.h"
#include "incus/instance.h"
#include "launch/owner.h"
#include "launch/place.h"
#include "launch/request.h"
#include "network/network.h"
#include "network/publish.h"
#include "workspace/workspace.h"

struct prepared {
    const struct launch_request *request; /* borrowed */
    struct workspace workspace;
    struct mounts mounts; /* of flags and settings */
    struct guard guard;
    bool no_common;         /* the project does not allow to mount a linked worktree's repository */
    char *empty;            /* what secrets are covered with */
    bool apparmor;          /* the guard's rules of it are set */
    char *noted;            /* the id under which the guard has noted the session; NULL: not yet */
    struct lock *launching; /* as long as this process is about it (check_launch_lock()) */
    const char *prefix;
    struct idmap_facts facts;
    struct idmap_decision decision;
    struct strings taken; /* names of all instances there are */
    unsigned int slot;
    bool full;             /* with an error: every slot was taken, and one may become free */
    json_t *root_device;   /* of the default profile; NULL if it has none */
    char *shifting_device; /* of the default profile: one with shift=true; NULL if there is none */
    char *fingerprint;     /* of the image; NULL: it is not known by an alias */
    json_t *profile;       /* config and devices of the default profile; NULL: not known */
    int64_t daemon;        /* its process id */
    struct place place;    /* which machine it is to be on */
    char *member;          /* of the cluster, on which it is made; NULL: the daemon is in none */
    struct network network;
    struct publishes publishes;
    json_t *nics;                     /* of the default profile, by name */
    const char *not_isolated;         /* why isolation was given up; NULL while it was not */
    const char *no_shift;             /* why shift was, the filesystem having been held for capable; NULL */
    bool no_nesting, no_interception; /* forbidden by the project */
    struct owner
        *owner; /* of what is made: a run, or a session in its launch; NULL: nobody is to remove it */
    struct standby_kind *kind; /* of the standby containers that serve this run; NULL: none can */
    char *standby;             /* the name of the one that was claimed; NULL: none was */
    /* The container that is there for this workspace and slot, to be reused; json NULL: none. */
    struct instance existing;
    json_t *branch; /* what it is to be a copy of, as the daemon describes it; NULL: of nothing */
};
void prepared_done(struct prepared *prepared);
/* The last slot that it may have: sessions have few, runs many. */
unsigned int prepared_last_slot(const struct prepared *prepared);
/* Of the settings, or the default profile's; "" if neither names one. Lent. */
const char *prepared_pool(const struct prepared *prepared);
