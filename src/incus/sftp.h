/*
 * What a filesystem holds, asked for over SFTP (draft-ietf-secsh-filexfer-02, version 3), which the daemon
 * speaks for an instance that runs or does not. This is the protocol alone: bytes go in, bytes come out.
 * Many directories are asked for at once, and only names and attributes: nothing is read, nothing written.
 */
#pragma once

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

struct sftp_entry {
    char *path;
    uint64_t size;
    uint32_t mode, mtime; /* as stat(2) has them */
    uint32_t uid, gid;
};

struct sftp_entries {
    struct sftp_entry *items;
    size_t count;
};
void sftp_entries_done(struct sftp_entries *entries);
/* The order of paths in which what is below a directory follows it at once. As strcmp(3). */
int sftp_path_order(const char *a, const char *b);
void sftp_entries_sort(struct sftp_entries *entries);

struct sftp;
/*
 * Begins at "/". A directory that `skip` names (absolute paths) is listed itself, and not entered. More
 * than `most` entries are an error.
 */
struct sftp *sftp_new(const struct strings *skip, size_t most) nodiscard;
void sftp_free(struct sftp *sftp);

/* What is to be sent; the caller takes it off the front. */
struct buffer *sftp_out(struct sftp *sftp);
/* What has come; false with an error if it is no SFTP, or too much. */
bool sftp_feed(struct sftp *sftp, const void *bytes, size_t size, struct error *err) nodiscard;
/* Whether everything has been listed. */
bool sftp_is_done(const struct sftp *sftp);
/* What was found so far; the caller owns it from here on. */
struct sftp_entries sftp_take(struct sftp *sftp) nodiscard;
