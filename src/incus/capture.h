/* A command in a running instance whose output is kept. */
#pragma once

#include "incus/exec.h"

struct capture {
    struct buffer out, err;
    int status;
};
void capture_done(struct capture *capture);

/* Runs without input, to its end. Above `limit` bytes of output (0: 16 MB) the rest is dropped. */
bool exec_capture(struct incus *client, const char *instance, const struct exec_request *request,
                  size_t limit, struct capture *capture, struct error *err) nodiscard;
