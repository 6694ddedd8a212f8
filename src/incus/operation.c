#include "incus/operation.h"

#include "incus/await.h"
#include "incus/event.h"
#include "incus/private.h"

#include <string.h>

/* Most operations end sooner; only a longer one is worth a stream of events. */
#define PROGRESS_AFTER_MS 400

struct operation {
    struct incus *client;
    struct call *call;
    struct await *await;
    struct timer *patience;
    struct events *events;
    struct call *asking; /* how far it was when the stream began */
    char *path;
    char *request; /* "POST /1.0/instances", for errors */
    progress_fn *progress;
    operation_fn *done;
    void *data;
};

void operation_drop(struct operation *operation) {
    if (!operation)
        return;
    call_drop(operation->call);
    await_drop(operation->await);
    timer_stop(operation->patience);
    events_free(operation->events);
    call_drop(operation->asking);
    free(operation->path);
    free(operation->request);
    free(operation);
}

const char *operation_path(const struct operation *operation) {
    return operation->path ? operation->path : "";
}

static void finish(struct operation *operation, const json_t *metadata, struct error *err) {
    operation_fn *done = operation->done;
    void *data = operation->data;
    operation_drop(operation);
    done(data, metadata, err);
}

/* The daemon's words, if it has some. */
static void tell(const struct operation *operation, const json_t *metadata) {
    const char *key;
    json_t *value;
    json_object_foreach(json_at(metadata, "metadata"), key, value) {
        size_t length = strlen(key);
        if (length < 9 || strcmp(key + length - 9, "_progress") != 0 || !json_is_string(value))
            continue;
        _cleanup_free_ char *words = str_shown(json_string_value(value));
        operation->progress(operation->data, words);
    }
}

static void event(void *data, const char *type, const json_t *metadata) {
    const struct operation *operation = data;
    const char *id = json_str_at(metadata, "id");
    if (str_equal(type, "operation") && *id && strstr(operation->path, id))
        tell(operation, metadata);
}

static void state_came(void *data, const struct reply *reply, struct error *err) {
    struct operation *operation = data;
    (void)err; /* no progress is no failure */
    operation->asking = NULL;
    if (reply)
        tell(operation, reply->metadata);
}

static void events_closed(void *data, struct error *err) {
    struct operation *operation = data;
    (void)err; /* no progress is no failure */
    events_free(operation->events);
    operation->events = NULL;
}

static void patience_over(void *data) {
    static const struct events_handler handler = {.event = event, .closed = events_closed};
    struct operation *operation = data;
    operation->patience = NULL;
    operation->events = events_open(operation->client, "operation", &handler, operation);
    operation->asking = incus_call(operation->client, "GET", operation->path, NULL, state_came, operation);
}

static void ended(void *data, const json_t *end, struct error *err) {
    struct operation *operation = data;
    operation->await = NULL;
    if (end && json_int_at(end, "status_code") != 200) {
        _cleanup_free_ char *words = incus_words(json_str_at(end, "err"));
        error_set(err, ERROR_FAILED, "%s (%s)", *words ? words : json_str_at(end, "status"),
                  operation->request);
        err->code = (int)json_int_at(end, "status_code");
    }
    finish(operation, end ? json_at(end, "metadata") : NULL, err);
}

static void begun(void *data, const struct reply *reply, struct error *err) {
    struct operation *operation = data;
    operation->call = NULL;
    if (!reply || !*reply->operation) { /* an answer without an operation is its own end */
        _cleanup_json_ json_t *kept = reply ? json_incref(reply->metadata) : NULL;
        finish(operation, kept, err);
        return;
    }
    operation->path = str_copy_n(reply->operation, strcspn(reply->operation, "?"));
    operation->await = await_start(operation->client, operation->path, ended, operation);
    if (!operation->progress)
        return;
    tell(operation, reply->metadata);
    operation->patience =
        loop_timer(incus_loop(operation->client), PROGRESS_AFTER_MS, patience_over, operation);
}

struct operation *operation_start(struct incus *client, const char *method, const char *path,
                                  const json_t *body, progress_fn *progress, operation_fn *done,
                                  void *data) {
    struct operation *operation = mem_new(sizeof *operation);
    *operation = (struct operation){.client = client,
                                    .request = str_printf("%s %s", method, path),
                                    .progress = progress,
                                    .done = done,
                                    .data = data};
    operation->call = incus_call(client, method, path, body, begun, operation);
    return operation;
}

struct waiting {
    bool done;
    json_t *metadata;
    struct error *err;
    progress_fn *progress;
    void *progress_data;
};

static void wait_progress(void *data, const char *words) {
    struct waiting *waiting = data;
    waiting->progress(waiting->progress_data, words);
}

static void wait_done(void *data, const json_t *metadata, struct error *err) {
    struct waiting *waiting = data;
    waiting->done = true;
    waiting->metadata = json_incref((json_t *)metadata);
    error_move(waiting->err, err);
}

bool operation_run(struct incus *client, const char *method, const char *path, const json_t *body,
                   progress_fn *progress, void *progress_data, json_t **metadata, struct error *err) {
    struct waiting waiting = {.err = err, .progress = progress, .progress_data = progress_data};
    struct operation *operation =
        operation_start(client, method, path, body, progress ? wait_progress : NULL, wait_done, &waiting);
    if (!loop_run(incus_loop(client), &waiting.done, err)) {
        if (!waiting.done)
            operation_drop(operation);
        json_decref(waiting.metadata);
        return false;
    }
    if (metadata && err->class == ERROR_NONE)
        *metadata = waiting.metadata;
    else
        json_decref(waiting.metadata);
    return err->class == ERROR_NONE;
}

bool operation_cancel(struct incus *client, const char *path, struct error *err) {
    return incus_request(client, "DELETE", path, NULL, NULL, err);
}
