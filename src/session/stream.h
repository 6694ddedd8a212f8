/*
 * A command in a container, joined to this process's own descriptors 0, 1 and 2: bytes pass both
 * ways as they come, each stream to its own, unchanged.
 */
#pragma once

#include "incus/exec.h"

struct stream;

/*
 * Prepares the command (see exec_start); with request->terminal the caller's terminal becomes raw at
 * stream_run(). The command does not run yet.
 */
struct stream *stream_prepare(struct incus *client, const char *instance,
                              const struct exec_request *request) nodiscard;

/*
 * Lets the command run, to its end. SIGINT, SIGTERM and SIGHUP go to it; a second one, or 5 seconds
 * after SIGTERM or SIGHUP, kills it. timeout_seconds above 0: it is ended then, and *status is 124, as
 * timeout(1) has it. The loop must catch signals already (loop_signals): stream_signal() is told.
 */
bool stream_run(struct stream *stream, long timeout_seconds, int *status, struct error *err) nodiscard;

/* To be called for every signal that the loop catches. */
void stream_signal(struct stream *stream, int signal);

void stream_free(struct stream *stream);
static inline void stream_cleanup(struct stream **stream) {
    stream_free(*stream);
}
