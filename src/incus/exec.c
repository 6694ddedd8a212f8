#include "incus/exec.h"

#include "incus/await.h"
#include "incus/exec_private.h"

#include <string.h>

/* How long a command whose stream was lost may take to say how it ended. */
#define LOST_AFTER_MS 2000
/* How long the daemon may take to hold a process that it has begun. A lost one hangs it until its input
 * ends. */
#define ATTACH_MS 4000

void exec_free(struct exec *exec) {
    if (!exec)
        return;
    timer_stop(exec->posting);
    timer_stop(exec->attaching);
    timer_stop(exec->losing);
    call_drop(exec->starting);
    await_drop(exec->waiting);
    for (int i = 0; i < STREAMS; i++)
        websocket_free(exec->streams[i].websocket);
    json_decref(exec->secrets);
    json_decref(exec->request);
    json_decref(exec->control);
    buffer_done(&exec->input);
    error_done(&exec->err);
    free(exec->program);
    free(exec->instance);
    free(exec->path);
    free(exec);
}

/* The connection itself need not end with its stream: incus-user, between us and the daemon, may hold it.
 */
static bool output_ended(const struct exec *exec) {
    for (int i = exec->terminal ? STDIN : STDOUT; i <= (exec->terminal ? STDIN : STDERR); i++)
        if (exec->streams[i].websocket && !exec->streams[i].ended && !exec->streams[i].complete)
            return false;
    return true;
}

static void report(struct exec *exec) {
    if (exec->reported)
        return;
    exec->reported = true;
    if (exec->conditional && !exec->met && exec->err.class == ERROR_NONE) {
        error_set(&exec->err, ERROR_FAILED, "%s was not begun: what it needs does not hold in %s",
                  exec->program, exec->instance);
        exec->err.code = EXEC_UNMET;
        exec->status = -1;
    }
    exec->handler->finished(exec->data, exec->status, &exec->err);
}

static void finish_if_over(struct exec *exec) {
    if (exec->over && !exec->losing && output_ended(exec))
        report(exec);
}

/*
 * The daemon reads the control stream, and answers what it finds there, once it has attached to the
 * container and holds the process. Until then the command must not begin: liblxc may have started it
 * and lost it (see EXEC_ATTACH_FAILED).
 */
static void attach_due(void *data);

static void stream_opened(void *data) {
    struct stream *stream = data;
    struct exec *exec = stream->exec;
    stream->open = true;
    if (stream->index == CONTROL)
        websocket_ping(stream->websocket);
    if (stream->index == STDIN && !exec->attached && !exec->attaching)
        exec->attaching = loop_timer(incus_loop(exec->client), ATTACH_MS, attach_due, exec);
    exec_open_gate(exec);
}

static void stream_ponged(void *data) {
    struct stream *stream = data;
    stream->exec->attached = true;
    timer_stop(stream->exec->attaching);
    stream->exec->attaching = NULL;
    exec_open_gate(stream->exec);
}

/*
 * An empty text message is the daemon's sign for the end of a stream. Of a pty it then waits for our
 * goodbye before it calls the operation done.
 */
static void stream_message(void *data, bool binary, const void *bytes, size_t size) {
    struct stream *stream = data;
    struct exec *exec = stream->exec;
    if (!binary && size == 0) {
        stream->complete = true;
        websocket_close(stream->websocket);
        finish_if_over(exec);
        return;
    }
    if (!binary || size == 0 || stream->index == CONTROL)
        return;
    if (exec->conditional && !exec->met && stream->index != STDERR) {
        exec->met = true; /* the gate's own byte: see exec_request_json() */
        exec_begin(exec);
        bytes = (const char *)bytes + 1;
        if (--size == 0)
            return;
    }
    exec->handler->output(exec->data, stream->index == STDERR ? 2 : 1, bytes, size);
}

static void stream_drained(void *data) {
    struct stream *stream = data;
    if (stream->index == STDIN && stream->exec->begun && stream->exec->handler->drained)
        stream->exec->handler->drained(stream->exec->data);
}

/* Ends without waiting for the streams: of a command that never ran, none is ever closed. */
static void give_up(struct exec *exec, int status, struct error *err) {
    timer_stop(exec->losing);
    exec->losing = NULL;
    error_move(&exec->err, err);
    exec->status = status;
    exec->over = true;
    report(exec);
}

/*
 * The process was lost, and the daemon waits for its end, while it waits behind its gate for a byte that
 * the daemon does not pass on: neither will come. It never runs.
 */
static void attach_due(void *data) {
    struct exec *exec = data;
    _cleanup_(error_done) struct error err = {0};
    exec->attaching = NULL;
    error_set(&err, ERROR_FAILED, EXEC_ATTACH_FAILED);
    exec_explain_lost(exec->instance, &err);
    give_up(exec, -1, &err);
}

static void lost(struct exec *exec) {
    _cleanup_(error_done) struct error err = {0};
    error_move(&err, &exec->err);
    give_up(exec, -1, &err);
}

static void lost_due(void *data) {
    struct exec *exec = data;
    exec->losing = NULL;
    lost(exec);
}

/*
 * A stream that the daemon has ended in good order is no more than that. One that never opened keeps
 * the command from beginning, and output that was lost on the way would be missed by nobody; but the
 * daemon drops the streams of a command that failed too, and then says why.
 */
static void stream_closed(void *data, struct error *err) {
    struct stream *stream = data;
    struct exec *exec = stream->exec;
    bool output = stream->index != CONTROL && (exec->terminal || stream->index != STDIN);
    bool missed = err && (stream->open ? output && !stream->complete : !exec->over);
    stream->open = false;
    stream->ended = true;
    if (missed && !exec->losing) {
        error_move(&exec->err, err);
        error_prefix(&exec->err, output ? "output of %s was lost" : "%s was not begun", exec->program);
        exec->losing = loop_timer(incus_loop(exec->client), exec->over ? 0 : LOST_AFTER_MS, lost_due, exec);
    }
    finish_if_over(exec);
}

static void open_stream(struct exec *exec, int index) {
    static const struct websocket_handler handler = {.opened = stream_opened,
                                                     .ponged = stream_ponged,
                                                     .message = stream_message,
                                                     .drained = stream_drained,
                                                     .closed = stream_closed};
    static const char *const keys[] = {"0", "1", "2", "control"};
    const char *secret = json_get_str(exec->secrets, keys[index]);
    if (!*secret || exec->streams[index].websocket)
        return;
    _cleanup_free_ char *path = str_printf("%s/websocket?secret=%s", exec->path, secret);
    struct stream *stream = &exec->streams[index];
    *stream = (struct stream){.exec = exec, .index = index};
    stream->websocket = websocket_open(exec->client, path, &handler, stream);
}

void exec_release(struct exec *exec) {
    exec->released = true;
    if (exec->path)
        open_stream(exec, STDIN);
    exec_open_gate(exec);
}

static void post(void *data);

static void try_again(struct exec *exec) {
    for (int i = 0; i < STREAMS; i++) {
        websocket_free(exec->streams[i].websocket);
        exec->streams[i] = (struct stream){0};
    }
    json_decref(exec->secrets);
    exec->secrets = NULL;
    free(exec->path);
    exec->path = NULL;
    exec->attached = exec->over = false;
    timer_stop(exec->attaching);
    exec->attaching = NULL;
    timer_stop(exec->losing);
    exec->losing = NULL;
    error_done(&exec->err);
    exec->posting = loop_timer(incus_loop(exec->client), EXEC_RETRY_MS, post, exec);
}

static void operation_ended(void *data, const json_t *operation, struct error *err) {
    struct exec *exec = data;
    const json_t *status = json_at(operation, "metadata.return");
    exec->waiting = NULL;
    exec->over = true;
    if (json_is_integer(status)) {
        exec->status = (int)json_integer_value(status);
        if (exec->losing)
            lost(exec);
        else
            finish_if_over(exec);
        return;
    }
    if (operation)
        error_set(err, ERROR_FAILED, "the daemon gave the command no exit status");
    if (str_starts(err->message, EXEC_ATTACH_FAILED) && !exec->opened && exec->attempts < EXEC_ATTEMPTS) {
        error_done(err);
        try_again(exec);
        return;
    }
    exec_explain_lost(exec->instance, err);
    int never_ran = exec_status_of_words(err->message);
    /* what the daemon did not find is the gate's own shell, which tells of the rest itself */
    if (never_ran > 0) {
        error_set(err, ERROR_FAILED, "%s cannot be started in %s: it has no sh", exec->program,
                  exec->instance);
        error_hint(err, "berth starts every command by the image's sh: an image needs one");
    }
    give_up(exec, never_ran, err);
}

static void started(void *data, const struct reply *reply, struct error *err) {
    struct exec *exec = data;
    exec->starting = NULL;
    if (!reply) {
        give_up(exec, -1, err);
        return;
    }
    /* of an operation on another member the daemon's path has a query behind it */
    exec->path = str_copy_n(reply->operation, strcspn(reply->operation, "?"));
    exec->secrets = json_incref(json_at(reply->metadata, "metadata.fds"));
    exec->waiting = await_start(exec->client, exec->path, operation_ended, exec);
    for (int i = STDOUT; i < STREAMS; i++)
        open_stream(exec, i);
    if (exec->released || exec->early)
        open_stream(exec, STDIN);
}

static void post(void *data) {
    struct exec *exec = data;
    _cleanup_free_ char *path = incus_path(NULL, "instances", exec->instance, "exec", NULL);
    exec->posting = NULL;
    exec->attempts++;
    exec->starting = incus_call(exec->client, "POST", path, exec->request, started, exec);
}

struct exec *exec_start(struct incus *client, const char *instance, const struct exec_request *request,
                        const struct exec_handler *handler, void *data) {
    struct exec *exec = mem_new(sizeof *exec);
    *exec = (struct exec){.client = client,
                          .handler = handler,
                          .data = data,
                          .terminal = request->terminal,
                          .early = request->early,
                          .conditional = request->condition,
                          .program = str_shown(request->command[0]),
                          .instance = str_copy(instance),
                          .request = exec_request_json(request, true),
                          .control = json_array()};
    post(exec);
    return exec;
}
