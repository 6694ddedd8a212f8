/* What differs between a session's container and a snapshot of it, outside the workspace. */
#pragma once

#include "config/settings.h"
#include "incus/operation.h"

/* Of a container's files; more is an error. */
#define DIFFER_MOST 2000000

struct differ {
    struct strings lines; /* "+ PATH", "- PATH", "~ PATH": there now, there then, in both and not the same;
                                    a directory with how many lie in it */
    size_t more;          /* how many lines there would be beyond those */
};
void differ_done(struct differ *differ);

/*
 * Compares names, kinds, sizes, owners, permissions and times of modification; contents are not read. The
 * snapshot is copied into a container for that, which is never started and goes again. At most `limit`
 * lines. What is mounted into the container is left out.
 */
bool differ_load(struct incus *client, const char *session, const char *snapshot, size_t limit,
                 progress_fn *progress, void *data, struct differ *differ, struct error *err) nodiscard;
