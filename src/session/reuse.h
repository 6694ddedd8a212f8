/*
 * A container that is there already: whether a session may use it, and its start. It keeps the mapping
 * that it has; a difference from the one that would be decided now is said, and changed only when the
 * user says so.
 */
#pragma once

#include "session/launch.h"

/* Whether it stays when its session ends: its own config tells; of a container of coi's, the record. */
bool reuse_is_kept(const struct instance *instance);

/*
 * Looks at the container `name`, which is there. prepared->existing is filled in if it is to be used.
 * Left empty without an error: it is not the one, where no slot was asked for. Errors tell why the one
 * that was asked for cannot be used: another workspace's, running and not persistent, frozen, or persistent
 * where the request wants a container of its own.
 */
bool reuse_look(struct incus *client, const char *name, struct prepared *prepared,
                struct error *err) nodiscard;

/* Starts prepared->existing, if it does not run; adds mounts that it lacks. `plan` is filled in. */
bool reuse_start(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) nodiscard;
