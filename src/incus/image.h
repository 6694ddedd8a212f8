/* Images: whether one is there, what others are, and a copy of one into another project. */
#pragma once

#include "incus/client.h"

/*
 * Whether the daemon has an image of this alias or fingerprint (12 digits or more). If not: an error
 * that lists the aliases that there are.
 */
bool image_check(struct incus *client, const char *name, struct error *err) nodiscard;
/*
 * Copies it, by its alias, into another project of the daemon's, with that alias: through a file of ours,
 * since the daemon copies between projects only when it listens on the network. *copied is false if the
 * project has this image under this alias already. An alias that is another image's there is an error.
 */
bool image_copy(struct incus *client, const char *name, const char *project, bool *copied,
                struct error *err) nodiscard;
bool image_aliases(struct incus *client, struct strings *aliases, struct error *err) nodiscard;
