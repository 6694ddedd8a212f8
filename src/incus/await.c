#include "incus/await.h"

#include "incus/event.h"

#include <string.h>

/* The codes of an operation's end begin here (https://linuxcontainers.org/incus/docs/main/rest-api/). */
#define ENDED 200

/* After a lost stream of events, before it is asked again. */
#define AGAIN_MS 250

struct await {
    struct incus *client;
    char *path;
    struct call *call;
    struct events *events;
    struct timer *again;
    await_fn *done;
    void *data;
};

void await_drop(struct await *await) {
    if (!await)
        return;
    call_drop(await->call);
    events_free(await->events);
    timer_stop(await->again);
    free(await->path);
    free(await);
}

static bool has_ended(const json_t *operation) {
    return json_int_at(operation, "status_code") >= ENDED;
}

static void finish(struct await *await, const json_t *operation, struct error *err) {
    await_fn *done = await->done;
    void *data = await->data;
    _cleanup_json_ json_t *kept = json_incref((json_t *)operation);
    await_drop(await);
    done(data, kept, err);
}

static void event(void *data, const char *type, const json_t *metadata) {
    struct await *await = data;
    _cleanup_(error_done) struct error none = {0};
    const char *id = json_str_at(metadata, "id");
    if (str_equal(type, "operation") && *id && strstr(await->path, id) && has_ended(metadata))
        finish(await, metadata, &none);
}

/* What it came to before the stream began is not in the stream. */
static void looked(void *data, const struct reply *reply, struct error *err) {
    struct await *await = data;
    await->call = NULL;
    if (!reply || has_ended(reply->metadata))
        finish(await, reply ? reply->metadata : NULL, err);
}

static void opened(void *data) {
    struct await *await = data;
    call_drop(await->call);
    await->call = incus_call(await->client, "GET", await->path, NULL, looked, await);
}

static void ask(void *data);

static void closed(void *data, struct error *err) {
    struct await *await = data;
    (void)err; /* whether the daemon is still there the next question tells */
    events_free(await->events);
    await->events = NULL;
    if (!await->again)
        await->again = loop_timer(incus_loop(await->client), AGAIN_MS, ask, await);
}

static void answered(void *data, const struct reply *reply, struct error *err) {
    static const struct events_handler handler = {.event = event, .opened = opened, .closed = closed};
    struct await *await = data;
    await->call = NULL;
    if (!reply || has_ended(reply->metadata))
        finish(await, reply ? reply->metadata : NULL, err);
    else
        await->events = events_open(await->client, "operation", &handler, await);
}

static void ask(void *data) {
    struct await *await = data;
    _cleanup_free_ char *wait = str_printf("%s/wait", await->path);
    await->again = NULL;
    call_drop(await->call);
    await->call = incus_call(await->client, "GET", wait, NULL, answered, await);
}

struct await *await_start(struct incus *client, const char *path, await_fn *done, void *data) {
    struct await *await = mem_new(sizeof *await);
    *await = (struct await){
        .client = client, .path = str_copy_n(path, strcspn(path, "?")), .done = done, .data = data};
    ask(await);
    return await;
}

struct waiting {
    bool done;
    json_t *operation;
    struct error *err;
};

static void ended(void *data, const json_t *operation, struct error *err) {
    struct waiting *waiting = data;
    waiting->done = true;
    waiting->operation = json_incref((json_t *)operation);
    error_move(waiting->err, err);
}

bool await_operation(struct incus *client, const char *path, json_t **operation, struct error *err) {
    struct waiting waiting = {.err = err};
    struct await *await = await_start(client, path, ended, &waiting);
    if (!loop_run(incus_loop(client), &waiting.done, err)) {
        if (!waiting.done)
            await_drop(await);
        json_decref(waiting.operation);
        return false;
    }
    *operation = waiting.operation;
    return waiting.operation != NULL;
}
