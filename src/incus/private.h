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

/*
 * On a busy machine the daemon now and then fails to attach to a container; the command has not begun
 * then (https://github.com/canonical/lxd/issues/12084 and others), and a second try works.
 */
#define EXEC_NEVER_BEGAN "Failed to retrieve PID of executing child process"
#define EXEC_ATTEMPTS    3
#define EXEC_RETRY_MS    50

struct exec_request;
/* The body of a POST …/exec. */
json_t *exec_request_json(const struct exec_request *request, bool websockets) nodiscard;
/* A command that never ran: the status that a shell gives for it, -1 if it is none of those. */
int exec_status_of_words(const char *words);
