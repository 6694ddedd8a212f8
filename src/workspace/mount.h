/* Extra mounts: HOST:CONTAINER[:ro]. */
#pragma once

#include "base/error.h"

struct mount {
    char *source; /* on the host, symbolic links resolved */
    char *path;   /* inside, absolute and clean */
    bool read_only;
    char *origin; /* who asked for it: "--mount ~/data:/data", for errors */
};

struct mounts {
    struct mount *items;
    size_t count;
};
void mounts_done(struct mounts *mounts);

/* `to` becomes the same; it is empty. */
void mounts_copy(struct mounts *to, const struct mounts *from);

/*
 * Reads one specification, checks it against the host and against those before it, and adds it. A
 * path inside that is, contains or lies in /workspace or another mount is an error that names both, as is
 * one without a colon. `origin` ("--mount", "config.ini:12") begins every error.
 */
bool mounts_add(struct mounts *mounts, const char *origin, const char *text, struct error *err) nodiscard;
