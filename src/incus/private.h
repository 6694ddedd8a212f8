/* What the files of this room share with each other and with nobody else. */
#pragma once

#include "incus/client.h"

struct incus {
    struct loop *loop;
    char *socket;
    char *project;
    struct call *calls; /* under way, for incus_free() */
    trace_fn *trace;
    void *trace_data;
};

/* `path` with "project=" added to its query. Caller owns. */
char *incus_with_project(const struct incus *client, const char *path) nodiscard;
/* A handle for the daemon's socket, with this path. */
CURL *incus_handle(const struct incus *client, const char *path) nodiscard;
void incus_say(const struct incus *client, const char *format, ...) printf_like(2, 3);
