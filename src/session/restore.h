/* A session goes back to one of its snapshots. */
#pragma once

#include "config/settings.h"
#include "incus/instance.h"
#include "incus/snapshot.h"

/* What stands wherever a restore is offered. */
#define RESTORE_WORKSPACE "/workspace is the host's and stays as it is"

/* What a restore would lose, and what it would not: a line each. */
void restore_losses(const struct instance *instance, const struct snapshot *snapshot,
                    const struct settings *settings, struct strings *lines);

/*
 * The container's files become those of the snapshot; what it has of berth (mapping, guard, network,
 * limits) stays what it is now, for the snapshot's may be older than what was decided since. One that runs
 * is stopped and stays so. A snapshot of what is now is taken first ([snapshot] before); *saved, unless
 * NULL, gets its name or NULL; caller owns. A daemon that goes away in the middle is waited for, half a
 * minute.
 */
bool restore_session(struct incus *client, const char *session, const char *snapshot,
                     const struct settings *settings, progress_fn *progress, void *data, char **saved,
                     struct error *err) nodiscard;
