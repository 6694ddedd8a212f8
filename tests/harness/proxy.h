/*
 * A socket between berth and the daemon, for what a real daemon does not do on request: connections
 * that are cut at a chosen request, and answers that no Incus gives.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

enum proxy_then { PROXY_GOES_ON, PROXY_GONE };

struct proxy {
    char *path; /* of its socket */
    pid_t pid;
};

/*
 * Passes everything on to `target`, until the bytes of a request contain `trigger` (NULL: never): that
 * request is passed on, its answer is not, and the connection is cut. PROXY_GONE: and nobody listens
 * any more.
 */
struct proxy proxy_start(const char *target, const char *trigger, enum proxy_then then);
/* Answers everything with these bytes and closes. */
struct proxy proxy_fake(const char *answer);
void proxy_stop(struct proxy *proxy);
