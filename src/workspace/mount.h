/* Extra mounts: HOST:CONTAINER[:ro]. */
#pragma once

#include "base/error.h"

struct mount {
    char *source; /* on the host, symbolic links resolved */
    char *path;   /* inside, absolute and clean */
    bool read_only;
};

struct mounts {
    struct mount *items;
    size_t count;
};
void mounts_done(struct mounts *mounts);

/*
 * Reads one specification, checks it against the host and against those before it, and adds it. A
 * path inside that is, contains or lies in /workspace or another mount is an error, as is one without
 * a colon.
 */
bool mounts_add(struct mounts *mounts, const char *text, struct error *err) nodiscard;
