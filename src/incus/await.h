/*
 * Waiting for the end of an operation, wherever it runs. GET /1.0/operations/ID/wait holds its answer back
 * until then, but not for an operation that runs on another member of a cluster: that one is answered at
 * once, as running. Then its events tell the end.
 */
#pragma once

#include "incus/client.h"

struct await;

/* `operation` is the daemon's object, lent; NULL with an error: nothing is known of its end. */
typedef void await_fn(void *data, const json_t *operation, struct error *err);
/* `path` is "/1.0/operations/ID"; `done` is called once, and the handle is gone then. */
struct await *await_start(struct incus *client, const char *path, await_fn *done, void *data) nodiscard;
/* Stops waiting; NULL is allowed. */
void await_drop(struct await *await);

/* The same, run to its end in the loop. *operation gets a new reference. */
bool await_operation(struct incus *client, const char *path, json_t **operation,
                     struct error *err) nodiscard;
