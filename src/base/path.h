/* Paths and small files of the host. */
#pragma once

#include "base/error.h"

/*
 * `path` made absolute and clean ("." and ".." taken out, by the letters alone: no symbolic link is
 * resolved). A relative path starts at $PWD where that names the working directory, because the
 * user thinks in that name. NULL with an error if there is no working directory. Caller owns.
 */
char *path_absolute(const char *path, struct error *err) nodiscard;

/* `text` with a leading "~" or "~/" replaced by the user's home. Caller owns. */
char *path_expand_home(const char *text) nodiscard;

/* $HOME, else the home of the user database; "/" if neither has one. Borrowed, stays valid. */
const char *path_home(void);

/* Whether `path` is `root` itself or lies below it; both absolute and clean. */
bool path_is_under(const char *path, const char *root);

/* The whole of a file (at most 16 MB); an error names the file. Caller owns the buffer. */
bool path_read(const char *path, struct buffer *content, struct error *err) nodiscard;

/* The full path of an executable in $PATH or the usual folders for one; NULL if none. Caller owns. */
char *path_find_program(const char *name) nodiscard;
