/*
 * What a build does inside its container, which runs: one step after the other, each nothing where the
 * recipe asks for nothing. Internal to this room.
 */
#pragma once

#include "build/request.h"
#include "incus/client.h"

struct steps {
    struct incus *client;
    const struct build_request *request;
    const struct build_watcher *watcher;
    const char *name;  /* the container's */
    bool has_packages; /* the base came with them */
};

/*
 * Files, packages, user, script and lines; a look at whether all is there that should be; and what is this
 * container's own goes. The loop is interruptible while a command runs.
 */
bool steps_take(const struct steps *steps, struct error *err) nodiscard;
