/*
 * Commands that wait inside a container for their word: what they look at is only just coming, and the
 * daemon's time for starting a process is over when it has come. Nothing is read or written by them.
 */
#pragma once

#include "incus/exec.h"

struct held;
/* Starts it; the request is borrowed for the call. */
struct held *held_begin(struct incus *client, const char *instance,
                        const struct exec_request *request) nodiscard;
/* Lets it go, and waits for its exit status. */
bool held_answer(struct held *held, int *status, struct error *err) nodiscard;
/* One that was not let go ends without having done anything. NULL is allowed. */
void held_free(struct held *held);
static inline void held_cleanup(struct held **held) {
    held_free(*held);
}
