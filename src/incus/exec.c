#include "incus/exec.h"

#include "incus/operation.h"
#include "incus/websocket.h"

#include <string.h>

enum { STDIN, STDOUT, STDERR, CONTROL, STREAMS };

/*
 * On a busy machine the daemon now and then fails to attach to a container; the command has not begun
 * then (https://github.com/canonical/lxd/issues/12084 and others), and a second try works.
 */
#define WORDS_NEVER_BEGAN "Failed to retrieve PID of executing child process"
#define ATTEMPTS          3
#define RETRY_AFTER_MS    50
/* Input that is kept to be sent again. More than this is read by nobody but a command that runs. */
#define REPLAY_LIMIT (1u << 20)

struct stream {
    struct exec *exec;
    int index;
    struct websocket *websocket;
    bool open;
    bool ended;
};

struct exec {
    struct incus *client;
    struct timer *posting;
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
    if (exec->over && output_ended(exec))
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
    if (!binary && size == 0)
        websocket_close(stream->websocket);
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

static void stream_closed(void *data, struct error *err) {
    struct stream *stream = data;
    struct exec *exec = stream->exec;
    stream->open = false;
    stream->ended = true;
    (void)err; /* the operation says how the command ended */
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

/* Ends without waiting for the streams: of a command that never ran, none is ever closed. */
static void give_up(struct exec *exec, int status, struct error *err) {
    error_move(&exec->err, err);
    exec->status = status;
    exec->over = true;
    report(exec);
}

/* A command that never ran: the status that a shell gives for it, -1 if it is none of those. */
static int status_of_words(const char *words) {
    if (str_starts(words, "Command not found"))
        return 127;
    return str_starts(words, "Command not executable") ? 126 : -1;
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
    exec->posting = loop_timer(incus_loop(exec->client), RETRY_AFTER_MS, post, exec);
}

static void operation_ended(void *data, const struct reply *reply, struct error *err) {
    struct exec *exec = data;
    const json_t *status = reply ? json_at(reply->metadata, "metadata.return") : NULL;
    exec->waiting = NULL;
    exec->over = true;
    if (json_is_integer(status)) {
        exec->status = (int)json_integer_value(status);
        finish_if_over(exec);
        return;
    }
    if (reply)
        error_set(err, ERROR_FAILED, "the daemon gave the command no exit status");
    if (str_starts(err->message, WORDS_NEVER_BEGAN) && !exec->began && exec->attempts < ATTEMPTS) {
        error_done(err);
        try_again(exec);
        return;
    }
    int never_ran = status_of_words(err->message);
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

static json_t *request_json(const struct exec_request *request, bool websockets) {
    json_t *command = json_array();
    for (size_t i = 0; request->command[i]; i++)
        json_array_append_new(command, json_text(request->command[i]));
    json_t *body = json_pack("{s:o, s:I, s:I, s:b, s:b}", "command", command, "user",
                             (json_int_t)request->uid, "group", (json_int_t)request->gid, "interactive",
                             request->terminal, "wait-for-websocket", websockets);
    if (request->cwd)
        json_object_set_new(body, "cwd", json_text(request->cwd));
    if (request->environment)
        json_object_set(body, "environment", (json_t *)request->environment);
    if (request->terminal) {
        json_object_set_new(body, "width", json_integer(request->columns));
        json_object_set_new(body, "height", json_integer(request->rows));
    }
    return body;
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
                          .request = request_json(request, true)};
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

struct question_inside {
    struct incus *client;
    char *path;
    json_t *body;
    unsigned int attempts;
    struct operation *operation;
    struct timer *again;
    bool done;
    int status;
    struct error err;
};

static void ask(void *data);

static void asked(void *data, const json_t *metadata, struct error *err) {
    struct question_inside *question = data;
    question->operation = NULL;
    question->done = true;
    question->status = err->class ? status_of_words(err->message) : (int)json_int_at(metadata, "return");
    if (question->status >= 0)
        return;
    if (str_starts(err->message, WORDS_NEVER_BEGAN) && question->attempts < ATTEMPTS) {
        question->done = false;
        question->again = loop_timer(incus_loop(question->client), RETRY_AFTER_MS, ask, question);
        return;
    }
    error_move(&question->err, err);
}

static void ask(void *data) {
    struct question_inside *question = data;
    question->again = NULL;
    question->attempts++;
    question->operation =
        operation_start(question->client, "POST", question->path, question->body, NULL, asked, question);
}

struct question_inside *exec_ask(struct incus *client, const char *instance,
                                 const struct exec_request *request) {
    struct question_inside *question = mem_new(sizeof *question);
    *question = (struct question_inside){.client = client,
                                         .path = incus_path(NULL, "instances", instance, "exec", NULL),
                                         .body = request_json(request, false),
                                         .status = -1};
    ask(question);
    return question;
}

bool exec_answer(struct question_inside *question, int *status, struct error *err) {
    if (!loop_run(incus_loop(question->client), &question->done, err))
        return false;
    *status = question->status;
    error_move(err, &question->err);
    return err->class == ERROR_NONE;
}

void exec_ask_free(struct question_inside *question) {
    if (!question)
        return;
    operation_drop(question->operation);
    timer_stop(question->again);
    json_decref(question->body);
    error_done(&question->err);
    free(question->path);
    free(question);
}

bool exec_run(struct incus *client, const char *instance, const struct exec_request *request, int *status,
              struct error *err) {
    struct question_inside *question = exec_ask(client, instance, request);
    bool good = exec_answer(question, status, err);
    exec_ask_free(question);
    return good;
}
