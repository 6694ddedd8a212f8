/*
 * A client of one Incus daemon, of this machine or a remote one, speaking its REST API
 * (https://linuxcontainers.org/incus/docs/main/rest-api/). Knows Incus, nothing of sessions.
 *
 * Calls are asynchronous; incus_request() is the same for those who can wait. Errors of the daemon
 * keep its words and carry the HTTP status as their code.
 */
#pragma once

#include "base/json.h"
#include "base/loop.h"
#include "incus/endpoint.h"

struct incus;
struct call;
struct asking;

/* The daemon's answer to one call; what is in it is lent for the callback's time. */
struct reply {
    int status;            /* HTTP */
    json_t *body;          /* the whole envelope; NULL if it is not JSON (a log file) */
    json_t *metadata;      /* body.metadata, or NULL */
    const char *operation; /* the operation's path, "" if there is none */
    const char *raw;       /* the bytes as they came; of a list whose members were given, not all */
    size_t raw_size;
    long owner_uid; /* X-Incus-Uid, X-Incus-Gid: of a file asked about; -1 if absent */
    long owner_gid;
    const char *etag; /* "" if there is none */
};

/*
 * Connects to nothing yet. `project` "" is the daemon's default; over incus-user's socket that is the
 * user's own, "user-<uid>". Both are copied.
 */
struct incus *incus_new(struct loop *loop, const struct endpoint *endpoint, const char *project) nodiscard;
/* Of the daemon behind this socket of this machine. */
struct incus *incus_new_local(struct loop *loop, const char *socket, const char *project) nodiscard;
void incus_free(struct incus *client); /* calls under way are dropped, their callbacks not called */
static inline void incus_cleanup(struct incus **client) {
    incus_free(*client);
}
struct loop *incus_loop(const struct incus *client);
const struct endpoint *incus_endpoint(const struct incus *client);
/* See endpoint_address(). */
const char *incus_address(const struct incus *client);
/* Whether the daemon is of another machine: its files, its processes and its ids are not ours. */
bool incus_is_remote(const struct incus *client);
/* Its name; NULL: the daemon is this machine's. Lent. */
const char *incus_remote(const struct incus *client);
/* Of a remote: the fingerprint of the certificate that it showed last; "" if it showed none. Lent. */
const char *incus_seen_fingerprint(const struct incus *client);
const char *incus_project(const struct incus *client); /* "default" where none was given */

/* `trace` gets a line for every call and its answer (-v). */
typedef void trace_fn(void *data, const char *line);
void incus_trace(struct incus *client, trace_fn *trace, void *data);

/*
 * "/1.0" and the segments up to NULL, each escaped, with slashes between: incus_path(NULL,
 * "instances", name, "exec", NULL). `query` ("recursion=1") is put behind it as it is. Caller owns.
 */
char *incus_path(const char *query, ...) __attribute__((sentinel)) nodiscard;
/* One value of a query, escaped. Caller owns. */
char *incus_escape(const char *text) nodiscard;

/*
 * Starts a call; `done` is called once, with `err` empty or set (then `reply` is NULL). The body is
 * borrowed for the call's start. The project is added to the path. The handle is gone after `done`.
 */
typedef void reply_fn(void *data, const struct reply *reply, struct error *err);
struct call *incus_call(struct incus *client, const char *method, const char *path, const json_t *body,
                        reply_fn *done, void *data);
/*
 * The same, done only if what is there still has this ETag (RFC 9110, If-Match): otherwise the error's code
 * is 412.
 */
struct call *incus_call_if(struct incus *client, const char *method, const char *path, const char *etag,
                           const json_t *body, reply_fn *done, void *data);
/*
 * The same for a GET of a list that may be long: `each` is called with its members one after the other,
 * none of which is kept, then `done` with the rest of the answer.
 */
struct call *incus_call_each(struct incus *client, const char *path, json_each_fn *each, void *each_data,
                             reply_fn *done, void *data);
/* From now on it is an error if the answer is not there in so many milliseconds. */
void call_patience(struct call *call, long milliseconds);
/* Drops a call: `done` will not be called. */
void call_drop(struct call *call);

/*
 * Calls and runs the loop until the answer is there. `metadata`, unless NULL, gets a new reference
 * to the answer's metadata.
 */
bool incus_request(struct incus *client, const char *method, const char *path, const json_t *body,
                   json_t **metadata, struct error *err) nodiscard;
/* A GET that gives the ETag too; caller owns. */
bool incus_get(struct incus *client, const char *path, json_t **metadata, char **etag,
               struct error *err) nodiscard;
/* See incus_call_if(). */
bool incus_request_if(struct incus *client, const char *method, const char *path, const char *etag,
                      const json_t *body, struct error *err) nodiscard;
/* One of several GETs at once: it gets its metadata (a new reference) or its own error. */
struct question {
    char *path;       /* owned; NULL: it is not asked */
    long patience_ms; /* then it is an error; 0: as long as it takes */
    json_t *metadata;
    struct error err;
};
void question_done(struct question *question);
void questions_done(struct question *questions, size_t count);
/*
 * Asks them, one of which has a path; `done` is called when the last is answered, and the handle is gone
 * then. The questions stay the caller's, and must stay.
 */
struct asking *incus_ask(struct incus *client, struct question *questions, size_t count,
                         void (*done)(void *data), void *data) nodiscard;
/* Asks no more: `done` will not be called. NULL is allowed. */
void asking_drop(struct asking *asking);
/* The same, and runs the loop until all are answered. Fails only if the waiting does. */
bool incus_ask_all(struct incus *client, struct question *questions, size_t count,
                   struct error *err) nodiscard;

/*
 * GET of a list that may be long: `each` is called with its members one after the other, none of which
 * is kept.
 */
bool incus_each(struct incus *client, const char *path, json_each_fn *each, void *data,
                struct error *err) nodiscard;
/* GET of something that is not JSON, a log file for example. */
bool incus_fetch(struct incus *client, const char *path, struct buffer *content,
                 struct error *err) nodiscard;
