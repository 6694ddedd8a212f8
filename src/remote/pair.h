/*
 * Making both sides known to each other, once
 * (https://linuxcontainers.org/incus/docs/main/authentication/, "Adding client certificates using tokens").
 */
#pragma once

#include "base/loop.h"
#include "config/settings.h"
#include "incus/tls.h"

/* What a daemon shows to somebody whom it does not know. */
struct pairing {
    char *url;
    char fingerprint[TLS_FINGERPRINT];
    char token_fingerprint[TLS_FINGERPRINT]; /* of the daemon that made the token; "": there is none */
};
void pairing_done(struct pairing *pairing);

/* Reads the token (NULL: none), makes our certificate where it is missing, and looks at the daemon's. */
bool pair_look(struct loop *loop, const struct settings *settings, const char *url, const char *token,
               struct pairing *pairing, struct error *err) nodiscard;
/*
 * The fingerprint was confirmed: has the daemon trust us, by the token if it does not yet, and writes the
 * remote down.
 */
bool pair_finish(struct loop *loop, const struct settings *settings, const char *name, const char *token,
                 const struct pairing *pairing, struct error *err) nodiscard;
/* Forgets one that was written down here; one of the user's own files is his. */
bool pair_forget(const struct settings *settings, const char *name, struct error *err) nodiscard;
