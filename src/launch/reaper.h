/*
 * A reaper: a child of this process that waits for its parent's end, however that comes, and then does what
 * the parent could not. It is of a session of its own, so that what ends a terminal's processes does not
 * end it, and holds nothing of its parent's: no terminal, no output, no connection.
 */
#pragma once

#include "incus/client.h"

/*
 * What the reaper does, with a client of its own: `words` is all that it was told, `data` the parent's as
 * it was when the reaper was started.
 */
typedef void reaper_fn(struct incus *client, const char *words, const void *data);

/*
 * Starts one, for the daemon of `client`; `kept` (or -1) is a descriptor that lives as long as the reaper.
 * Returns a descriptor for the functions below, whose closing sets the reaper to work; -1 with errno.
 */
int reaper_start(const struct incus *client, int kept, reaper_fn *work, const void *data) nodiscard;
/* Adds to the words; a reaper that has died is not told. */
void reaper_tell(int reaper, const char *words);
/* There is nothing left to do: the reaper ends. */
void reaper_release(int reaper);
