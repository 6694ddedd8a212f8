/*
 * Snapshots of sessions: taken when the user says so, and by berth itself before what could lose something.
 * What lies in /workspace is the host's and never part of one.
 */
#pragma once

#include "config/settings.h"
#include "incus/snapshot.h"

enum snapshot_cause { SNAPSHOT_RESTORE, SNAPSHOT_RESUME };

/* The name for one that the user gave none: "20261126-130501", UTC. Caller owns. */
char *snapshot_new_name(int64_t now_ms) nodiscard;
/*
 * Of one that berth takes by itself: "auto-restore-20261126-130501". Only what is named so is ever taken
 * away again by [snapshot] keep.
 */
char *snapshot_automatic_name(enum snapshot_cause cause, int64_t now_ms) nodiscard;
bool snapshot_is_automatic(const char *name);

/* Letters, digits, "-", "_" and "."; the daemon takes no more. An error names it. */
bool snapshot_check_name(const char *name, struct error *err) nodiscard;
/*
 * The one that `text` names, or the only one or the last one of the user's where it is NULL; lent. An error
 * says which there are.
 */
const struct snapshot *snapshot_choose(const char *session, const struct snapshots *snapshots,
                                       const char *text, struct error *err) nodiscard;

/* As `snapshot list` and the screen show it. A new reference. */
json_t *snapshot_json(const struct snapshot *snapshot) nodiscard;
/* Takes one under this name; an error says what is wrong with the name, or what a stateful one needs. */
bool snapshot_take(struct incus *client, const char *session, const char *name, bool stateful,
                   progress_fn *progress, void *data, struct error *err) nodiscard;

/* Whether [snapshot] before names the cause. */
bool snapshot_is_wanted(const struct settings *settings, enum snapshot_cause cause);
/*
 * Takes one if it is wanted, and takes the oldest automatic ones away above
 * [snapshot] keep. *name, unless NULL, gets its name, NULL if none was wanted; caller owns. One that is
 * named there already was begun before a daemon went away, and is taken anew.
 */
bool snapshot_automatic(struct incus *client, const char *session, const struct settings *settings,
                        enum snapshot_cause cause, char **name, struct error *err) nodiscard;
