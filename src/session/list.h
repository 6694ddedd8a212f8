/* All sessions that there are, with what one wants to know of each. */
#pragma once

#include "launch/label.h"
#include "network/rules.h"

struct session {
    char *name;
    char *status;
    char *created_at;
    char *image;
    char *workspace;
    char *commit;    /* at which its repository was when it began; "" if unknown */
    char *location;  /* the member of the cluster; "" where there is none */
    bool elsewhere;  /* on another machine: its workspace is not a directory of this one */
    char *ipv4;      /* "" if it has none */
    char *owner;     /* "1001:1001": the host ids that its mapping was made for; "" if unknown */
    bool ephemeral;  /* in Incus' sense: deleted by the daemon once it stops */
    bool persistent; /* kept when its session ends */
    bool orphaned;   /* of a run whose berth has died: to be removed */
    size_t changed;  /* guarded paths of its workspace that did since it began; protections_mark() */
    bool guarded, holds_root; /* it was noted as running, and holds against root inside */
    bool no_root;             /* nothing that is started in it may become root */
    bool shell;               /* made by `berth shell`: its session is its tmux */
    struct idmap_ids code;    /* of who works in it; uid 0 where it does not say */
    unsigned int slot;
    int64_t uptime;           /* seconds; -1 where it does not run */
    int64_t started;          /* when it was last started, in seconds of the epoch; 0 if never */
    bool foreign;             /* no session: somebody else's instance, or … */
    bool standby;             /* … a container that waits to become a run's */
    enum idmap_method method; /* IDMAP_REFUSED: neither, the workspace is not writable inside */
    char *raw;
    bool shift;
    char *network;          /* the name of it, if berth made it; "" else */
    enum network_mode mode; /* of its network */
    char *allow;            /* what that lists; "" for nothing */
    char *published;        /* "127.0.0.1:8080 -> 80, …"; "" for nothing */
};

void session_done(struct session *session);
/* A copy that owns what is in it. */
struct session session_copy(const struct session *session);
/*
 * What the instance says of itself; `prefix` tells sessions from foreign instances. `records` says of a
 * container of coi's whether it is persistent; it is read when needed and empty.
 */
void session_read(struct session *session, const char *prefix, const struct instance *instance,
                  struct records *records);

/* Of a cluster, whose member `own` is the one that answers: whether it is elsewhere. */
void session_place(struct session *session, const char *own);

/* The ids of who works in it: those that it was made with, else the settings'. */
struct idmap_ids session_code(const struct session *session, const struct settings *settings);

struct session_list {
    struct session *items; /* sorted by name */
    size_t count;
};
void session_list_done(struct session_list *list);

/*
 * Instances whose names are sessions' with this prefix, made by berth or by coi; standby containers that
 * wait are none. Addresses and uptime
 * only with `states`: they cost a call for each that runs.
 */
bool session_list_load(struct incus *client, const char *prefix, bool states, struct session_list *list,
                       struct error *err) nodiscard;
