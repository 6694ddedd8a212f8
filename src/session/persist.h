/* Whether a session's container is kept when it ends: the change of that. */
#pragma once

#include "incus/client.h"
#include "record/record.h"

/* On the container first, then in its records: a record alone keeps nothing. */
bool persist_change(struct incus *client, const char *name, bool persistent, const struct records *records,
                    struct error *err) nodiscard;
