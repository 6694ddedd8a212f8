/* The checks that ask nobody but this machine and its daemon, and create nothing. */
#pragma once

#include "config/settings.h"
#include "health/health.h"
#include "incus/client.h"

/* What is looked at. Borrowed. */
struct examined {
    struct incus *client;
    const struct settings *settings;
    const struct error *mistake; /* of the settings, which are the built-in ones then; class 0: none */
    const char *workspace;       /* as given; NULL: the working directory */
    const char *prefix;          /* of the sessions' names */
};

/* All of them, the daemon away or not. Fails only if the waiting does. */
bool examine(const struct examined *examined, struct health *health, struct error *err) nodiscard;

/* Those of one side, for examine(). */
void examine_host(const struct examined *examined, struct health *health);
bool examine_daemon(const struct examined *examined, struct health *health, struct error *err) nodiscard;
