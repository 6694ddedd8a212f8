/* Images: whether one is there, and what others are. */
#pragma once

#include "incus/client.h"

/*
 * Whether the daemon has an image of this alias or fingerprint (12 digits or more). If not: an error
 * that lists the aliases that there are.
 */
bool image_check(struct incus *client, const char *name, struct error *err) nodiscard;
bool image_aliases(struct incus *client, struct strings *aliases, struct error *err) nodiscard;
