/* The standby containers that there are (launch/standby.h), waiting ones alone: listed, made and removed.
 */
#pragma once

#include "config/settings.h"
#include "incus/instance.h"
#include "launch/prepared.h"

struct standby_row {
    char *name;
    char *image;   /* as the settings called it when it was made */
    char *raw;     /* its raw.idmap; "": it has none, and shift is for its workspace's mount */
    char *host;    /* "1001:1001": whose */
    char *network; /* "restricted", … */
    char *digest;  /* of its kind */
    int64_t age;   /* seconds */
    bool running;
    const char
        *stale; /* why it will never be used, for all that can be seen without a workspace; or NULL */
};
struct standbys {
    struct standby_row *items; /* by name */
    size_t count;
};
void standbys_done(struct standbys *standbys);

/* Those whose names begin with `prefix`. */
bool standbys_load(struct incus *client, const char *prefix, const struct settings *settings,
                   struct standbys *standbys, struct error *err) nodiscard;

/* Removes them, or only stale ones, and waits until they are gone; how many in *removed. */
bool standbys_remove(struct incus *client, const struct standbys *standbys, bool stale_only,
                     size_t *removed, struct error *err) nodiscard;

/*
 * Makes as many as the settings want beside the `standbys` that there are, and waits until they run. An
 * error says why one could not be made, or why none is to be.
 */
bool standbys_fill(struct incus *client, struct prepared *prepared, const struct standbys *standbys,
                   size_t *made, struct error *err) nodiscard;
