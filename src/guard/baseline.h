/*
 * What was there before a session began, in the user's state directory
 * ($XDG_STATE_HOME/berth/guard, 0700): one file for a workspace, which exists while sessions of it run or
 * while something that changed during one is neither accepted nor restored; and beside it copies of the
 * files that are small.
 */
#pragma once

#include "guard/print.h"

struct placeholder {
    char *path;
    uint64_t inode; /* 0: it could not be made */
    bool directory;
    int64_t size;
};

struct baseline {
    char *workspace, *given;  /* struct guard_input */
    struct mounts mounts;     /* those that were writable, of all sessions that began since */
    struct settings settings; /* of the guard's alone */
    int64_t taken;            /* seconds of the epoch */
    struct strings sessions;  /* that ran when it was written: check_remember() */
    struct prints prints;
    struct placeholder *placeholders; /* what was made for the sessions, and is to go with the last */
    size_t placeholder_count;

    int lock;    /* a descriptor, while */
    bool locked; /* it is held */
};
void baseline_done(struct baseline *baseline);
/* Others may change it from now on. */
void baseline_unlock(struct baseline *baseline);
/* All but the lock is empty again. */
void baseline_forget(struct baseline *baseline);

/*
 * Reads a workspace's, and holds a lock on it until baseline_done(). There may be none: ->workspace is NULL
 * then. A file that cannot be read is an error that names it.
 */
bool baseline_load(const char *workspace, struct baseline *baseline, struct error *err) nodiscard;
bool baseline_save(const struct baseline *baseline, struct error *err) nodiscard;
/* Removes it, with its copies. */
void baseline_remove(const struct baseline *baseline);
/* The workspaces that have one. */
void baseline_all(struct strings *workspaces);

/*
 * What was made for sessions of other workspaces, which may have the same repository (linked worktrees), or
 * one may lie in the other: of `others`, which is a baseline with nothing but ->placeholders, each has one.
 */
void baseline_others(const char *workspace, struct baseline *others);
/* The one of a path; NULL if there is none. */
const struct placeholder *baseline_placeholder(const struct baseline *baseline, const char *path);

/* Copies what is small enough, as it is now. What cannot be copied is not. */
void baseline_copy(struct baseline *baseline);
/* The copy of a file's content; false: there is none. */
bool baseline_read_copy(const struct baseline *baseline, const struct print *print,
                        struct buffer *content) nodiscard;

/* The directory with something empty of each kind, which is made if it is not there. Caller owns. */
char *baseline_empty(struct error *err) nodiscard;
/* Makes the directory that all of it is in. */
bool baseline_make_directory(struct error *err);
/* The directory. Caller owns. */
char *baseline_directory(void) nodiscard;
