/*
 * TLS to a remote daemon. Its certificate is nobody's but its own: it is known by its fingerprint, as the
 * user has confirmed it, and by nothing else; no authority of the system's can vouch for another.
 */
#pragma once

#include "base/error.h"

#include <curl/curl.h>

#define TLS_FINGERPRINT 65 /* room for one: SHA-256 of the certificate's DER, in lower case, and a NUL */

enum tls_verdict { TLS_UNSEEN, TLS_AS_WANTED, TLS_ANOTHER, TLS_EXPIRED, TLS_NOT_YET };

/* What the daemon's certificate is to be, and what it was when it came. */
struct tls_pin {
    const char *wanted; /* a fingerprint, borrowed; NULL: any, to be looked at and not to be trusted */
    enum tls_verdict verdict;
    char seen[TLS_FINGERPRINT];
    char until[32]; /* when it expires, or expired: "2036-11-20" */
};

/*
 * Has the handle use TLS with these PEM files as our certificate (NULL: none), and end the connection
 * before anything is sent unless the other's is the wanted one and in force. `pin` is borrowed for as long
 * as the handle lives. False where this libcurl is not one with OpenSSL.
 */
bool tls_setup(CURL *easy, const char *certificate, const char *key, struct tls_pin *pin) nodiscard;

/* Of the first certificate in a PEM text; false if there is none. */
bool tls_fingerprint(const char *pem, size_t size, char fingerprint[TLS_FINGERPRINT]) nodiscard;
/* Whether that is in force now: an error says since when it is not. `name` is the file's, for errors. */
bool tls_in_force(const char *pem, size_t size, const char *name, struct error *err) nodiscard;
/* A fingerprint as people write it (capitals, colons) in its one form; false if it is none. */
bool tls_read_fingerprint(const char *text, char fingerprint[TLS_FINGERPRINT]) nodiscard;

/*
 * A new key (secp384r1, as the incus command makes it) and a certificate for it, in force for ten years, as
 * PEM texts; `name` is in it, for those who list certificates.
 */
bool tls_make_identity(const char *name, struct buffer *certificate, struct buffer *key,
                       struct error *err) nodiscard;
