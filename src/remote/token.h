/* What a daemon prints for somebody who is to be trusted (incus config trust add). */
#pragma once

#include "incus/tls.h"

/*
 * The fingerprint of the daemon that made it: a token is JSON in base64, with that, the daemon's addresses
 * and a secret. False if it is none.
 */
bool token_fingerprint(const char *token, char fingerprint[TLS_FINGERPRINT]) nodiscard;
