/* All sessions that there are, with what one wants to know of each. */
#pragma once

#include "config/settings.h"
#include "idmap/idmap.h"
#include "incus/instance.h"

struct session_row {
    char *name;
    char *status;
    char *created_at;
    char *image;
    char *workspace;
    char *ipv4;            /* "" if it has none */
    char *owner;           /* "1001:1001": the host ids that its mapping was made for; "" if unknown */
    bool ephemeral;        /* in Incus' sense: deleted by the daemon once it stops */
    bool persistent;       /* kept when its session ends */
    bool kept_known;       /* its own config says so; of a container of coi's the record does */
    bool lasting;          /* made by `berth shell`: its session is its tmux */
    struct idmap_ids code; /* of who works in it; uid 0 where it does not say */
    unsigned int slot;
    int64_t uptime;           /* seconds; -1 where it does not run */
    int64_t started;          /* when it was last started, in seconds of the epoch; 0 if never */
    bool foreign;             /* no session's name: somebody else's instance */
    enum idmap_method method; /* IDMAP_REFUSED: neither, the workspace is not writable inside */
    char *raw;
    bool shift;
};

void session_row_done(struct session_row *row);
/* What the instance says of itself; `prefix` tells sessions from foreign instances. */
void session_row_read(struct session_row *row, const char *prefix, const struct instance *instance);

/* The ids of who works in it: those that it was made with, else the settings'. */
struct idmap_ids session_code(const struct instance *instance, const struct settings *settings);
struct idmap_ids session_row_code(const struct session_row *row, const struct settings *settings);

struct overview {
    struct session_row *rows; /* sorted by name */
    size_t count;
};
void overview_done(struct overview *overview);

/*
 * Instances whose names are sessions' with this prefix, made by berth or by coi. Addresses and uptime
 * only with `states`: they cost a call for each that runs.
 */
bool overview_load(struct incus *client, const char *prefix, bool states, struct overview *overview,
                   struct error *err) nodiscard;
