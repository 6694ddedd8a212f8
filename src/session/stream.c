#include "session/stream.h"

#include "base/tty.h"

#include <errno.h>

/* Input on its way to the daemon above which no more is read. */
#define INPUT_LIMIT 131072
/* What poll() says can be written without waiting: a pipe with POLLOUT has room for this (pipe(7)). */
#define WRITE_CHUNK   4096
#define KILL_AFTER_MS 5000

#define STATUS_TIMED_OUT 124

struct outlet {
    struct stream *stream;
    int fd;
    struct buffer pending;
    struct watch *watch;
    bool broken; /* nobody reads it any more */
};

struct stream {
    struct loop *loop;
    struct exec *exec;
    bool terminal;
    bool running;
    bool reading; /* it has begun to read its input */
    struct watch *input;
    struct outlet outlets[3]; /* 1 and 2 are used */
    struct timer *timeout;
    struct timer *kill;
    bool timed_out;
    int last_signal;
    bool finished; /* the command has */
    bool done;     /* and everything that it wrote is written */
    int status;
    struct error err;
};

static void check_done(struct stream *stream) {
    if (stream->finished && stream->outlets[1].pending.size == 0 && stream->outlets[2].pending.size == 0)
        stream->done = true;
}

static bool can_write(int fd) {
    struct pollfd now = {.fd = fd, .events = POLLOUT};
    return poll(&now, 1, 0) > 0;
}

/* Whoever reads our output has gone: the command is told as it would be by a pipe of its own. */
static void broke(struct outlet *outlet) {
    outlet->broken = true;
    buffer_done(&outlet->pending);
    if (!outlet->stream->finished)
        exec_signal(outlet->stream->exec, SIGPIPE);
}

static void flush(struct outlet *outlet) {
    while (outlet->pending.size && can_write(outlet->fd)) {
        size_t size = outlet->pending.size < WRITE_CHUNK ? outlet->pending.size : WRITE_CHUNK;
        ssize_t written = write(outlet->fd, outlet->pending.data, size);
        if (written < 0 && (errno == EAGAIN || errno == EINTR))
            break;
        if (written < 0) {
            broke(outlet);
            break;
        }
        buffer_drop(&outlet->pending, (size_t)written);
    }
}

static void outlet_ready(void *data, short events) {
    struct outlet *outlet = data;
    (void)events;
    flush(outlet);
    if (outlet->pending.size == 0) {
        watch_stop(outlet->watch);
        outlet->watch = NULL;
        exec_pause(outlet->stream->exec, outlet->fd, false);
    }
    check_done(outlet->stream);
}

static void output(void *data, int number, const void *bytes, size_t size) {
    struct stream *stream = data;
    struct outlet *outlet = &stream->outlets[number];
    if (outlet->broken)
        return;
    buffer_add(&outlet->pending, bytes, size);
    flush(outlet);
    if (outlet->pending.size && !outlet->watch) {
        exec_pause(stream->exec, number, true);
        outlet->watch = loop_watch(stream->loop, outlet->fd, POLLOUT, outlet_ready, outlet);
    }
}

static void end_input(struct stream *stream) {
    watch_stop(stream->input);
    stream->input = NULL;
    exec_end_input(stream->exec);
}

static void input_ready(void *data, short events) {
    struct stream *stream = data;
    char bytes[32768];
    (void)events;
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        end_input(stream);
        return;
    }
    exec_write(stream->exec, bytes, (size_t)got);
    if (exec_queued(stream->exec) > INPUT_LIMIT)
        watch_events(stream->input, 0);
}

/* Nothing is read for a command that may not begin. */
static void drained(void *data) {
    struct stream *stream = data;
    if (!stream->reading)
        stream->input = loop_watch(stream->loop, STDIN_FILENO, POLLIN, input_ready, stream);
    stream->reading = true;
    watch_events(stream->input, POLLIN);
}

static void finished(void *data, int status, struct error *err) {
    struct stream *stream = data;
    stream->finished = true;
    stream->status = status;
    error_move(&stream->err, err);
    check_done(stream);
}

struct stream *stream_prepare(struct incus *client, const char *instance,
                              const struct exec_request *request) {
    static const struct exec_handler handler = {.output = output, .drained = drained, .finished = finished};
    struct stream *stream = mem_new(sizeof *stream);
    stream->loop = incus_loop(client);
    stream->terminal = request->terminal;
    for (int i = 1; i <= 2; i++)
        stream->outlets[i] = (struct outlet){.stream = stream, .fd = i};
    stream->exec = exec_start(client, instance, request, &handler, stream);
    return stream;
}

/* Killed, and still no end: the daemon or the kernel hangs on to it, the user does not. */
static void patience_over(void *data) {
    struct stream *stream = data;
    stream->kill = NULL;
    stream->status = 128 + SIGKILL;
    stream->done = true;
}

static void kill_due(void *data) {
    struct stream *stream = data;
    exec_signal(stream->exec, SIGKILL);
    stream->kill = loop_timer(stream->loop, KILL_AFTER_MS, patience_over, stream);
}

static void kill_later(struct stream *stream) {
    if (!stream->kill)
        stream->kill = loop_timer(stream->loop, KILL_AFTER_MS, kill_due, stream);
}

static void timeout_due(void *data) {
    struct stream *stream = data;
    stream->timeout = NULL;
    stream->timed_out = true;
    exec_signal(stream->exec, SIGTERM);
    kill_later(stream);
}

void stream_signal(struct stream *stream, int signal) {
    if (!stream->running || stream->finished)
        return;
    if (signal == SIGWINCH) {
        unsigned short columns, rows;
        tty_size(STDIN_FILENO, &columns, &rows);
        if (stream->terminal)
            exec_resize(stream->exec, columns, rows);
        return;
    }
    exec_signal(stream->exec, stream->last_signal ? SIGKILL : signal);
    stream->last_signal = signal;
    if (signal != SIGINT)
        kill_later(stream);
}

bool stream_run(struct stream *stream, long timeout_seconds, int *status, struct error *err) {
    if (stream->terminal && !tty_raw(STDIN_FILENO, err))
        return false;
    stream->running = true;
    if (timeout_seconds > 0)
        stream->timeout = loop_timer(stream->loop, timeout_seconds * 1000, timeout_due, stream);
    exec_release(stream->exec);
    if (loop_last_signal(stream->loop)) /* it came before there was a command to give it to */
        stream_signal(stream, loop_last_signal(stream->loop));
    bool good = loop_run(stream->loop, &stream->done, err);
    if (stream->terminal)
        tty_restore();
    if (!good)
        return false;
    *status = stream->timed_out ? STATUS_TIMED_OUT : stream->status;
    error_move(err, &stream->err);
    return *status >= 0;
}

void stream_free(struct stream *stream) {
    if (!stream)
        return;
    exec_free(stream->exec);
    watch_stop(stream->input);
    for (int i = 1; i <= 2; i++) {
        watch_stop(stream->outlets[i].watch);
        buffer_done(&stream->outlets[i].pending);
    }
    timer_stop(stream->timeout);
    timer_stop(stream->kill);
    error_done(&stream->err);
    free(stream);
}
