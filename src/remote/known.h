/*
 * The remotes that there are: those of the settings ([remote NAME], config.ini and remotes.ini), and behind
 * them those of the incus command (its config.yml), with its certificates.
 */
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

/* All of them; of two of one name the settings' one. A section without a usable url is an error. */
bool remotes_load(const struct settings *settings, struct remotes *remotes, struct error *err) nodiscard;

/*
 * The one of this name, ready to be spoken to: its certificate is known, and there is one of ours. An error
 * says what is missing.
 */
bool remote_find(const struct settings *settings, const char *name, struct remote *remote,
                 struct error *err) nodiscard;
