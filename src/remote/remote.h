/* A remote: a daemon of another machine, and where it is known from. */
#pragma once

#include "config/settings.h"
#include "incus/endpoint.h"

enum remote_origin { REMOTE_OF_SETTINGS, REMOTE_OF_INCUS };

struct remote {
    struct endpoint endpoint; /* without a fingerprint where none is known */
    enum remote_origin origin;
    char *where;                   /* that it stands in: "…/remotes.ini:3", "…/config.yml" */
    const struct machine *machine; /* its section, lent by the settings; NULL: it is the incus command's */
};
void remote_done(struct remote *remote);

struct remotes {
    struct remote *items;
    size_t count;
    struct strings unreadable; /* why the incus command's cannot be had */
};
void remotes_done(struct remotes *remotes);
