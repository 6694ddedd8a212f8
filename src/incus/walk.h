/* All files of an instance's root filesystem, whether it runs or not (instances/NAME/sftp of the API). */
#pragma once

#include "incus/client.h"
#include "incus/sftp.h"

/* Sorted by their paths. `skip` and `most` as in sftp_new(). */
bool instance_walk(struct incus *client, const char *name, const struct strings *skip, size_t most,
                   struct sftp_entries *entries, struct error *err) nodiscard;
