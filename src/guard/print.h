/* Fingerprints of what is guarded: what each file and directory was, to be compared later. */
#pragma once

#include "base/json.h"
#include "guard/beneath.h"
#include "guard/guard.h"

struct print {
    char *path; /* absolute */
    enum beneath_entry entry;
    char *digest; /* SHA-256 of a file's content, or of a link's target; "" of what cannot be read */
    char *copy;   /* its text, where that is noted; NULL otherwise */
    int64_t size;
    unsigned int mode;
    int64_t modified, changed; /* nanoseconds: st_mtim, st_ctim */
    uint64_t inode;
};

struct prints {
    struct print *items; /* by path */
    size_t count;
};
void prints_done(struct prints *prints);

/*
 * Of everything that the guard protects as it is now: what is read-only, with all that lies in it, and what
 * stands where nothing should. A directory's first thousands of entries are looked at. Digests of files
 * that are the same as in `known` (NULL: none) by inode, size and times are taken from there.
 */
void prints_take(const struct guard *guard, const struct prints *known, struct prints *prints);
const struct print *prints_find(const struct prints *prints, const char *path);
/* Takes one out. */
void prints_drop(struct prints *prints, const char *path);

json_t *prints_json(const struct prints *prints) nodiscard;
void prints_read(const json_t *json, struct prints *prints);
