/* Names to addresses, by c-ares in our loop: with the host's resolver, hosts file and search list. */
#pragma once

#include "base/loop.h"
#include "network/answers.h"

/* How long an answer is believed, whatever its time to live (seconds). */
#define RESOLVE_LEAST 5
#define RESOLVE_MOST  3600

/*
 * Asks for all names at once, and runs the loop until the last answer is there. A name without an IPv4
 * address is an error that names it; `answers` is empty then.
 */
bool resolve_names(struct loop *loop, const struct strings *names, struct answers *answers,
                   struct error *err) nodiscard;
/* The shortest time (seconds) for which all answers are good. */
long answers_seconds(const struct answers *answers);
