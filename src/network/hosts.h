/* The hosts file inside a session, which is an allowlist's only resolver. */
#pragma once

#include "incus/client.h"
#include "network/answers.h"

/*
 * The file's text with the lines of `lines` ("ADDRESS NAME\n") between marks of ours, and those that stood
 * there before taken out; "" takes the marks out too. Everything else stays. Caller owns.
 */
char *hosts_text(const char *before, const char *lines) nodiscard;

/* Makes the file of a running instance so. What is so already is not written. */
bool hosts_write(struct incus *client, const char *instance, const struct answers *answers,
                 struct error *err) nodiscard;
