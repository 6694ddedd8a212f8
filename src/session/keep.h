/* Whether a container is kept when its session ends, and the change of that. */
#pragma once

#include "session/overview.h"
#include "session/record.h"

/* As its own config says, else (of a container of coi's) its record; one with neither is kept. */
bool keep_is_kept(const struct session_row *row, const struct records *records);

/* On the container first, then in its records: a record alone keeps nothing. */
bool keep_change(struct incus *client, const char *name, bool kept, const struct records *records,
                 struct error *err) nodiscard;
