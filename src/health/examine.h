/* The checks that ask nobody but this machine and its daemon, and create nothing. */
#pragma once

#include "config/settings.h"
#include "health/health.h"
#include "incus/server.h"

/* What is looked at. Borrowed. */
struct health_subject {
    struct incus *client;
    const struct settings *settings;
    const struct error *mistake; /* of the settings, which are the built-in ones then; class 0: none */
    const char *workspace;       /* as given; NULL: the working directory */
    const char *prefix;          /* of the sessions' names */
};

/* All of them, the daemon away or not. Fails only if the waiting does. */
bool health_examine(const struct health_subject *subject, struct health *health,
                    struct error *err) nodiscard;

/* Those of one side, for health_examine(). `server` is empty if the daemon does not answer. */
void health_examine_host(const struct health_subject *subject, struct health *health);
bool health_examine_daemon(const struct health_subject *subject, struct server *server,
                           struct health *health, struct error *err) nodiscard;
