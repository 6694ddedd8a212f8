/* How a guard is put together, root by root; for the files of this room alone. */
#pragma once

#include "guard/beneath.h"
#include "guard/guard.h"

/* One root while it is searched. */
struct guard_search {
    struct guard *guard;
    int fd;           /* of `root` */
    const char *root; /* absolute */
    bool tolerant;
    struct strings writable; /* paths below the root that the settings leave writable */
    struct error *err;
};

/* What is at a path below the root; a link on the way is one, too. */
enum beneath_entry search_look(const struct guard_search *search, const char *path);
/* Whether the settings leave it writable. */
bool search_is_writable(const struct guard_search *search, const char *path);

/* What may be done where nothing is. */
enum if_absent { ABSENT_SKIP, ABSENT_WATCH, ABSENT_FILE, ABSENT_DIRECTORY };

/*
 * Adds a path below the root, read-only, and the directories above it, which become fixed. False with the
 * error where something else stands in its place.
 */
bool search_protect(struct guard_search *search, const char *path, enum if_absent absent,
                    const char *content) nodiscard;
/* The same for a directory that remains writable. */
bool search_fix(struct guard_search *search, const char *path) nodiscard;
/* Covers what is there with something empty. */
bool search_cover(struct guard_search *search, const char *path, bool directory) nodiscard;
void search_warn(struct guard_search *search, const char *format, ...) printf_like(2, 3);

/* repository.c: what is at `path` (".git") below the root, a repository's directory. */
bool repository_guard(struct guard_search *search, const char *path) nodiscard;
/* The same of the one that a linked worktree of this name shares with others; the root is its directory. */
bool repository_guard_common(struct guard_search *search, const char *name) nodiscard;
/* worktree.c: the workspace's .git is a file: a linked worktree, or nothing that can be believed. */
bool worktree_guard(struct guard_search *search, const struct guard_input *input) nodiscard;
/* secrets.c: the files that the patterns name. */
bool secrets_guard(struct guard_search *search, const char *patterns) nodiscard;
