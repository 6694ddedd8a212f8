/*
 * Where a daemon is: behind a unix socket of this machine, or, a remote one, behind HTTPS, where both sides
 * know each other by their certificates
 * (https://linuxcontainers.org/incus/docs/main/authentication/, "TLS client certificates").
 */
#pragma once

#include "base/error.h"

/* Of a remote all but the socket is set, of this machine's the socket alone. Owned. */
struct endpoint {
    char *socket;            /* the unix socket's path */
    char *remote;            /* the name by which the user knows it */
    char *url;               /* "https://host:8443", without a slash at its end */
    char *fingerprint;       /* of the daemon's certificate: see tls_fingerprint() */
    char *certificate, *key; /* PEM files of ours */
};
void endpoint_done(struct endpoint *endpoint);
/* `to`, which is empty, becomes the same. */
void endpoint_copy(struct endpoint *to, const struct endpoint *from);

/* Which daemon it is, for people and as a key: the socket's path, or the URL. Lent. */
const char *endpoint_address(const struct endpoint *endpoint);

/*
 * "host", "host:8443", "https://host:8443/" become "https://host:8443": 8443 is Incus' port, and IPv6
 * addresses stand in brackets. An error of class ERROR_USAGE for anything else. Caller owns.
 */
char *endpoint_url(const char *text, struct error *err) nodiscard;
