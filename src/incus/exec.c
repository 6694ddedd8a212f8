#include "incus/exec.h"

#include "incus/private.h"
#include "incus/websocket.h"

#include <string.h>

enum { STDIN, STDOUT, STDERR, CONTROL, STREAMS };

/* How long a command whose stream was lost may take to say how it ended. */
#define LOST_AFTER_MS 2000
/* Input that is kept to be sent again. More than this is read by nobody but a command that runs. */
#define REPLAY_LIMIT (1u << 20)

struct stream {
    struct exec *exec;
    int index;
    struct websocket *websocket;
    bool open;
    bool complete; /* the daemon has said that nothing more comes */
    bool ended;
};

struct exec {
    struct incus *client;
    struct timer *posting;
    struct timer *losing; /* a stream was lost, `err` says which: how long the daemon has to say why */
    struct call *starting;
    struct call *waiting;
    char *program; /* argv[0], for errors */
    char *instance;
    json_t *request;
    unsigned int attempts;
    char *path; /* of the operation, once it has one */
    struct stream streams[STREAMS];
    json_t *secrets;
    bool terminal;
    bool released;
    bool input_ended;
    struct buffer replay; /* the input from its beginning, while the command may not have begun */
    bool began;           /* it has: replay is empty */
    int pending_signal;
    bool over; /* the operation has ended */
    bool reported;
    int status;
    struct error err;
    const struct exec_handler *handler;
    void *data;
};

void exec_free(struct exec *exec) {
    if (!exec)
        return;
    timer_stop(exec->posting);
    timer_stop(exec->losing);
    call_drop(exec->starting);
    call_drop(exec->waiting);
    for (int i = 0; i < STREAMS; i++)
        websocket_free(exec->streams[i].websocket);
    json_decref(exec->secrets);
    json_decref(exec->request);
    buffer_done(&exec->replay);
    error_done(&exec->err);
    free(exec->program);
    free(exec->instance);
    free(exec->path);
    free(exec);
}

static bool output_ended(const struct exec *exec) {
    for (int i = exec->terminal ? STDIN : STDOUT; i <= (exec->terminal ? STDIN : STDERR); i++)
        if (exec->streams[i].websocket && !exec->streams[i].ended)
            return false;
    return true;
}

static void report(struct exec *exec) {
    if (exec->reported)
        return;
    exec->reported = true;
    exec->handler->finished(exec->data, exec->status, &exec->err);
}

static void finish_if_over(struct exec *exec) {
    if (exec->over && !exec->losing && output_ended(exec))
        report(exec);
}

static void stream_opened(void *data) {
    struct stream *stream = data;
    struct exec *exec = stream->exec;
    stream->open = true;
    if (stream->index == CONTROL && exec->pending_signal)
        exec_signal(exec, exec->pending_signal);
    if (stream->index != STDIN)
        return;
    if (exec->replay.size)
        websocket_send(stream->websocket, true, exec->replay.data, exec->replay.size);
    if (exec->input_ended)
        exec_end_input(exec);
    else if (exec->handler->drained)
        exec->handler->drained(exec->data);
}

static void begin(struct exec *exec) {
    exec->began = true;
    buffer_done(&exec->replay);
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
    }
    if (!binary || size == 0 || stream->index == CONTROL)
        return;
    begin(exec);
    exec->handler->output(exec->data, stream->index == STDERR ? 2 : 1, bytes, size);
}

static void stream_drained(void *data) {
    struct stream *stream = data;
    if (stream->index == STDIN && stream->exec->handler->drained)
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
    exec->over = false;
    timer_stop(exec->losing);
    exec->losing = NULL;
    error_done(&exec->err);
    exec->posting = loop_timer(incus_loop(exec->client), EXEC_RETRY_MS, post, exec);
}

static void operation_ended(void *data, const struct reply *reply, struct error *err) {
    struct exec *exec = data;
    const json_t *status = reply ? json_at(reply->metadata, "metadata.return") : NULL;
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
    if (reply)
        error_set(err, ERROR_FAILED, "the daemon gave the command no exit status");
    if (str_starts(err->message, EXEC_NEVER_BEGAN) && !exec->began && exec->attempts < EXEC_ATTEMPTS) {
        error_done(err);
        try_again(exec);
        return;
    }
    int never_ran = exec_status_of_words(err->message);
    if (never_ran > 0)
        error_set(err, ERROR_FAILED, "%s: %s", exec->program,
                  never_ran == 127 ? "command not found in the container"
                                   : "not executable in the container");
    give_up(exec, never_ran, err);
}

static void started(void *data, const struct reply *reply, struct error *err) {
    struct exec *exec = data;
    exec->starting = NULL;
    if (!reply) {
        give_up(exec, -1, err);
        return;
    }
    exec->path = str_copy(reply->operation);
    exec->secrets = json_incref(json_at(reply->metadata, "metadata.fds"));
    _cleanup_free_ char *wait = str_printf("%s/wait", exec->path);
    exec->waiting = incus_call(exec->client, "GET", wait, NULL, operation_ended, exec);
    for (int i = STDOUT; i < STREAMS; i++)
        open_stream(exec, i);
    if (exec->released)
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
                          .program = str_shown(request->command[0]),
                          .instance = str_copy(instance),
                          .request = exec_request_json(request, true)};
    post(exec);
    return exec;
}

void exec_write(struct exec *exec, const void *bytes, size_t size) {
    const struct stream *input = &exec->streams[STDIN];
    if (!exec->began)
        buffer_add(&exec->replay, bytes, size);
    if (input->open)
        websocket_send(input->websocket, true, bytes, size);
    if (input->open && exec->replay.size > REPLAY_LIMIT)
        begin(exec);
}

void exec_end_input(struct exec *exec) {
    exec->input_ended = true;
    if (exec->streams[STDIN].open && !exec->terminal)
        websocket_send(exec->streams[STDIN].websocket, false, "", 0);
}

size_t exec_queued(const struct exec *exec) {
    const struct stream *input = &exec->streams[STDIN];
    return input->open ? websocket_queued(input->websocket) : exec->replay.size;
}

void exec_pause(struct exec *exec, int stream, bool paused) {
    int index = exec->terminal ? STDIN : stream;
    if (exec->streams[index].open)
        websocket_pause(exec->streams[index].websocket, paused);
}

static void send_control(struct exec *exec, json_t *take_message) {
    char *text = json_dumps(take_message, JSON_COMPACT);
    json_decref(take_message);
    if (text && exec->streams[CONTROL].open)
        websocket_send(exec->streams[CONTROL].websocket, false, text, strlen(text));
    free(text);
}

void exec_signal(struct exec *exec, int signal) {
    exec->pending_signal = exec->streams[CONTROL].open ? 0 : signal;
    send_control(exec, json_pack("{s:s, s:i}", "command", "signal", "signal", signal));
}

void exec_resize(struct exec *exec, unsigned short columns, unsigned short rows) {
    /* the daemon wants the numbers as strings */
    _cleanup_free_ char *width = str_printf("%hu", columns), *height = str_printf("%hu", rows);
    send_control(exec, json_pack("{s:s, s:{s:s, s:s}}", "command", "window-resize", "args", "width", width,
                                 "height", height));
}
