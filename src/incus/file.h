/*
 * Files of an instance, whether it runs or not
 * (https://linuxcontainers.org/incus/docs/main/rest-api-spec/, instances/NAME/files).
 */
#pragma once

#include "incus/client.h"

#include <stdio.h>

enum file_type { FILE_REGULAR, FILE_DIRECTORY, FILE_SYMLINK };

struct file_info {
    enum file_type type;
    mode_t mode;   /* permissions alone */
    long uid, gid; /* as seen inside */
};

/*
 * Reads what is at `path`: a file's content goes to `to` as it comes, a directory's names and a
 * symbolic link's target to `text` (one name to an item).
 */
bool file_get(struct incus *client, const char *instance, const char *path, FILE *to,
              struct file_info *info, struct strings *text, struct error *err) nodiscard;

/*
 * Writes it: a file from `from`, a directory (no error if it is there), a symbolic link to `target`.
 * The others are NULL.
 */
bool file_put(struct incus *client, const char *instance, const char *path, const struct file_info *info,
              FILE *from, const char *target, struct error *err) nodiscard;
