/* What the files of this room share with each other and with nobody else. */
#pragma once

#include "base/json.h"
#include "incus/endpoint.h"
#include "incus/tls.h"

#include <curl/curl.h>

struct loop;
struct call;

struct incus {
    struct loop *loop;
    struct endpoint endpoint;
    struct tls_pin pin; /* of a remote */
    char *project;
    struct call *calls; /* under way, for incus_free() */
    void (*trace)(void *data, const char *line);
    void *trace_data;
};

/* `path` with "project=" added to its query. Caller owns. */
char *incus_with_project(const struct incus *client, const char *path) nodiscard;
/* A handle for the daemon, with this path. */
CURL *incus_handle(const struct incus *client, const char *path) nodiscard;
/* Whether the code says that no connection came about. */
bool incus_is_unreachable(const struct incus *client, CURLcode code);
/* Then: why, and what mends it. Returns false. */
bool incus_not_connected(const struct incus *client, CURL *easy, CURLcode code, struct error *err);
/* The remote does not know our certificate, and what mends that. Returns false. */
bool incus_not_trusted(const struct incus *client, struct error *err);
/* The daemon's words, fit to be shown: one line, and of a long one (a tar's every complaint) both ends.
 * Caller owns. */
char *incus_words(const char *text) nodiscard;
void incus_say(const struct incus *client, const char *format, ...) printf_like(2, 3);

/*
 * About one exec in 500 fails with these words where syscalls are intercepted and the kernel has no
 * LSM: liblxc (5.0.2, lxc_attach() in attach.c, seen with strace) reads the process's id and its seccomp
 * descriptor from one socket in the order that it expects, not that in which they come. The process is
 * there all the same, and is nobody's: what a second try must not run twice needs a gate of its own.
 */
#define EXEC_ATTACH_FAILED "Failed to retrieve PID of executing child process"
#define EXEC_ATTEMPTS      3
#define EXEC_RETRY_MS      50

/* That error for somebody who can do something about it: it is not by chance when it comes again and again.
 */
void exec_explain_lost(const char *instance, struct error *err);

struct exec_request;
/* The body of a POST …/exec; one with websockets has the gate in front of its command. */
json_t *exec_request_json(const struct exec_request *request, bool websockets) nodiscard;
/* A command that never ran: the status that a shell gives for it, -1 if it is none of those. */
int exec_status_of_words(const char *words);
