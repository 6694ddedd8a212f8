/*
 * The guard: what of a workspace the host itself runs or obeys later (git's hooks and configuration,
 * editors' tasks, agents' settings), and what becomes of it in a session. As a value: find.h makes it,
 * devices.h makes devices and rules of it.
 */
#pragma once

#include "base/error.h"
#include "config/settings.h"
#include "workspace/mount.h"

enum guard_how {
    GUARD_READ_ONLY, /* mounted read-only over itself */
    GUARD_FIXED,     /* mounted over itself, writable: a mount point can be neither renamed nor removed */
    GUARD_COVERED,   /* an empty file or directory is mounted over it: a secret */
    GUARD_REPLACED,  /* a file of the session's own stands in its place, and may be written to */
    GUARD_WATCHED,   /* not there, and nothing can be mounted there: its appearance is seen */
};

struct guarded {
    char *path; /* on the host, absolute, without symbolic links */
    enum guard_how how;
    bool directory;
    /*
     * It is not there: a launch makes it for the time of the session, empty or with `content`, since
     * nothing can be mounted where nothing is. A replacement stands beside the replaced, as `source`.
     */
    bool placeholder;
    bool own;   /* berth itself writes there: its changes say nothing */
    bool parts; /* directories of repositories, in which the host works: what git obeys of them counts */
    bool other_filesystem; /* than the root that it was found in */
    bool optional;         /* whether it is there is not known: assume.h */
    char *content;
    char *source; /* of GUARD_REPLACED; NULL otherwise */
};

/* A directory of the host that is mounted into the session, writable, and where. */
struct guard_root {
    char *source, *inside;
    bool common; /* a repository's, for a linked worktree: the guard's own mount */
    bool unseen; /* another machine's: whether there is a link on the way to it is not known */
};

struct guard {
    struct guarded *items; /* by path; none twice */
    size_t count;
    struct guard_root *roots; /* the workspace first */
    size_t root_count;
    struct strings warnings; /* what is not protected, or will not work inside, and why */
    bool writable;           /* something was left out because the settings say so */
};
void guard_done(struct guard *guard);

/* Whose guard it is to be: what is looked at, and what is wanted. Borrowed. */
struct guard_input {
    const char *workspace; /* resolved */
    const char *given;     /* the same as the user thinks of it */
    const struct mounts *mounts;
    const struct settings *settings;
    bool tolerant; /* a link where none may be is one more item, and no error */
};

/* Where a path of the host is seen inside; NULL if it is in no root. Caller owns. */
char *guard_inside(const struct guard *guard, const struct guarded *item) nodiscard;
/* The path below the workspace, or the whole of it where it lies elsewhere; lent. */
const char *guard_shown(const struct guard *guard, const char *path);
/*
 * A linked worktree's repository cannot be mounted, for this reason: it is left out, with all in it, and a
 * warning says that git will not work inside.
 */
void guard_drop_common(struct guard *guard, const char *why);
/* Nothing can be made in the workspace: what is not there is watched, and nothing replaced. */
void guard_drop_placeholders(struct guard *guard);
/* Whether the configuration of a repository is read-only for certain: git cannot write it inside. */
bool guard_has_config(const struct guard *guard);
/* How many of these kinds there are. */
size_t guard_count(const struct guard *guard, enum guard_how how);

/* Adds an item; one of the same path that is only fixed becomes what is stricter. Lent. */
struct guarded *guard_add(struct guard *guard, const char *path, enum guard_how how, bool directory);
/* Sets ->parts of the item with this path, if there is one. */
void guard_mark_parts(struct guard *guard, const char *path);
/* The same of ->own. */
void guard_mark_own(struct guard *guard, const char *path);
/* Adds a root. */
void guard_add_root(struct guard *guard, const char *source, const char *inside, bool common);
