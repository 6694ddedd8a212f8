/*
 * Session data: the folder of the session's tool inside ([tool] data, ~/.claude for example), kept in the
 * session's record when its container goes, and put back into the container that it is resumed in.
 *
 * It is kept as one tar file that is never unpacked on the host: what comes out of a container is unpacked
 * in one, by who works there, and owned by them.
 */
#pragma once

#include "config/settings.h"
#include "record/record.h"
#include "session/tmux.h"

/*
 * Takes what the folder holds out of a container that runs. No error: there is nothing to keep ([tool] data
 * is unset, the session has no record, the folder is not there or is mounted from the host). An error:
 * there is, and it could not be kept: too large, unreadable, outside the home by a link, or a full disk;
 * what was kept before is still there then.
 */
bool data_keep(const struct inside *inside, const struct settings *settings, struct error *err) nodiscard;
/* The same of an instance whoever looks at it; one that is stopped cannot be asked. */
bool data_keep_of(struct incus *client, const char *name, const struct settings *settings,
                  struct error *err) nodiscard;

/* Puts back what the record has; *put says whether there was anything. */
bool data_put_back(const struct inside *inside, const struct settings *settings,
                   const struct record *record, bool *put, struct error *err) nodiscard;
