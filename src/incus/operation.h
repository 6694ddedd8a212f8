/*
 * Operations: what the daemon does in the background.
 */
#pragma once

#include "incus/client.h"

struct operation;

/* `progress` gets the daemon's own words ("Unpacking image: 42%"); may be NULL. */
typedef void progress_fn(void *data, const char *words);
/*
 * The end of an operation: `metadata` is its metadata object (may be NULL), lent; `err` is empty, or
 * holds the daemon's words.
 */
typedef void operation_fn(void *data, const json_t *metadata, struct error *err);

/*
 * Sends the call that makes an operation and waits for its end without blocking. Progress comes
 * from the event stream, which is opened only when the operation lasts.
 */
struct operation *operation_start(struct incus *client, const char *method, const char *path,
                                  const json_t *body, progress_fn *progress, operation_fn *done,
                                  void *data) nodiscard;
/* Stops waiting; the daemon goes on with it. `done` is not called. */
void operation_drop(struct operation *operation);

/* The same, run to its end in the loop. `metadata`, unless NULL, gets a new reference. */
bool operation_run(struct incus *client, const char *method, const char *path, const json_t *body,
                   progress_fn *progress, void *progress_data, json_t **metadata,
                   struct error *err) nodiscard;

/*
 * Asks the daemon to cancel the operation behind `path` ("/1.0/operations/ID"); it refuses for the
 * kinds that cannot be cancelled, creating an instance among them.
 */
bool operation_cancel(struct incus *client, const char *path, struct error *err) nodiscard;
/* The path of an operation under way, "" before the daemon has named it. Borrowed. */
const char *operation_path(const struct operation *operation);
