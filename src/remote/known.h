/*
 * The remotes that there are: those of the settings ([remote NAME], config.ini and remotes.ini), and behind
 * them those of the incus command (its config.yml), with its certificates.
 */
#pragma once

#include "remote/remote.h"

/* All of them; of two of one name the settings' one. A section without a usable url is an error. */
bool remotes_load(const struct settings *settings, struct remotes *remotes, struct error *err) nodiscard;

/*
 * The one of this name, ready to be spoken to: its certificate is known, and there is one of ours. An error
 * says what is missing.
 */
bool remote_find(const struct settings *settings, const char *name, struct remote *remote,
                 struct error *err) nodiscard;
