/*
 * Looking at what lies below a directory that others write to: no symbolic link is followed, and nothing
 * above it is reached (openat2(2), RESOLVE_BENEATH and RESOLVE_NO_SYMLINKS).
 */
#pragma once

#include "base/error.h"

#include <sys/stat.h>

enum beneath_entry {
    ENTRY_NONE,
    ENTRY_FILE,
    ENTRY_DIRECTORY,
    ENTRY_LINK,   /* a symbolic link, here or on the way */
    ENTRY_OTHER,  /* a FIFO, a socket, a device */
    ENTRY_UNSEEN, /* this user may not look there */
};

/* "a symbolic link", …; for messages. */
const char *entry_name(enum beneath_entry entry);
/* What is at `path` below the directory `root`; `info`, unless NULL, gets its stat if there is anything. */
enum beneath_entry beneath_look(int root, const char *path, struct stat *info);
/* Opens a file or directory with open(2)'s flags; -1 with errno. */
int beneath_open(int root, const char *path, int flags) nodiscard;
/* Opens the directory that an absolute path lies in; *name is what it is called there (lent). -1 with
 * errno. */
int beneath_parent(const char *path, const char **name) nodiscard;
/* Writes all of it; false with errno. */
bool beneath_write(int fd, const void *data, size_t size) nodiscard;
/* The first `most` bytes of a regular file, with a NUL behind; false: it cannot be read. */
bool beneath_read(int root, const char *path, size_t most, struct buffer *content) nodiscard;
/* The names in a directory, sorted, at most `most` of them; false: there are more. None if it is none. */
bool beneath_names(int root, const char *path, size_t most, struct strings *names);
