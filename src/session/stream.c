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
    struct stream_joint *joint;
    int fd;
    struct buffer pending;
    struct watch *watch;
    bool broken; /* nobody reads it any more */
};

struct stream_joint {
    struct loop *loop;
    struct exec *exec;
    bool terminal;
    bool running;
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

static void check_done(struct stream_joint *joint) {
    if (joint->finished && joint->outlets[1].pending.size == 0 && joint->outlets[2].pending.size == 0)
        joint->done = true;
}

static bool can_write(int fd) {
    struct pollfd now = {.fd = fd, .events = POLLOUT};
    return poll(&now, 1, 0) > 0;
}

/* Whoever reads our output has gone: the command is told as it would be by a pipe of its own. */
static void broke(struct outlet *outlet) {
    outlet->broken = true;
    buffer_done(&outlet->pending);
    if (!outlet->joint->finished)
        exec_signal(outlet->joint->exec, SIGPIPE);
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
        exec_pause(outlet->joint->exec, outlet->fd, false);
    }
    check_done(outlet->joint);
}

static void output(void *data, int stream, const void *bytes, size_t size) {
    struct stream_joint *joint = data;
    struct outlet *outlet = &joint->outlets[stream];
    if (outlet->broken)
        return;
    buffer_add(&outlet->pending, bytes, size);
    flush(outlet);
    if (outlet->pending.size && !outlet->watch) {
        exec_pause(joint->exec, stream, true);
        outlet->watch = loop_watch(joint->loop, outlet->fd, POLLOUT, outlet_ready, outlet);
    }
}

static void end_input(struct stream_joint *joint) {
    watch_stop(joint->input);
    joint->input = NULL;
    exec_end_input(joint->exec);
}

static void input_ready(void *data, short events) {
    struct stream_joint *joint = data;
    char bytes[32768];
    (void)events;
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        end_input(joint);
        return;
    }
    exec_write(joint->exec, bytes, (size_t)got);
    if (exec_queued(joint->exec) > INPUT_LIMIT)
        watch_events(joint->input, 0);
}

static void drained(void *data) {
    struct stream_joint *joint = data;
    watch_events(joint->input, POLLIN);
}

static void finished(void *data, int status, struct error *err) {
    struct stream_joint *joint = data;
    joint->finished = true;
    joint->status = status;
    error_move(&joint->err, err);
    check_done(joint);
}

struct stream_joint *stream_prepare(struct incus *client, const char *instance,
                                    const struct exec_request *request) {
    static const struct exec_handler handler = {.output = output, .drained = drained, .finished = finished};
    struct stream_joint *joint = mem_new(sizeof *joint);
    joint->loop = incus_loop(client);
    joint->terminal = request->terminal;
    for (int i = 1; i <= 2; i++)
        joint->outlets[i] = (struct outlet){.joint = joint, .fd = i};
    joint->exec = exec_start(client, instance, request, &handler, joint);
    return joint;
}

/* Killed, and still no end: the daemon or the kernel hangs on to it, the user does not. */
static void patience_over(void *data) {
    struct stream_joint *joint = data;
    joint->kill = NULL;
    joint->status = 128 + SIGKILL;
    joint->done = true;
}

static void kill_due(void *data) {
    struct stream_joint *joint = data;
    exec_signal(joint->exec, SIGKILL);
    joint->kill = loop_timer(joint->loop, KILL_AFTER_MS, patience_over, joint);
}

static void kill_later(struct stream_joint *joint) {
    if (!joint->kill)
        joint->kill = loop_timer(joint->loop, KILL_AFTER_MS, kill_due, joint);
}

static void timeout_due(void *data) {
    struct stream_joint *joint = data;
    joint->timeout = NULL;
    joint->timed_out = true;
    exec_signal(joint->exec, SIGTERM);
    kill_later(joint);
}

void stream_signal(struct stream_joint *joint, int signal) {
    if (!joint->running || joint->finished)
        return;
    if (signal == SIGWINCH) {
        unsigned short columns, rows;
        tty_size(STDIN_FILENO, &columns, &rows);
        if (joint->terminal)
            exec_resize(joint->exec, columns, rows);
        return;
    }
    exec_signal(joint->exec, joint->last_signal ? SIGKILL : signal);
    joint->last_signal = signal;
    if (signal != SIGINT)
        kill_later(joint);
}

bool stream_run(struct stream_joint *joint, long timeout_seconds, int *status, struct error *err) {
    if (joint->terminal && !tty_raw(STDIN_FILENO, err))
        return false;
    joint->running = true;
    joint->input = loop_watch(joint->loop, STDIN_FILENO, POLLIN, input_ready, joint);
    if (timeout_seconds > 0)
        joint->timeout = loop_timer(joint->loop, timeout_seconds * 1000, timeout_due, joint);
    exec_release(joint->exec);
    bool good = loop_run(joint->loop, &joint->done, err);
    if (joint->terminal)
        tty_restore();
    if (!good)
        return false;
    *status = joint->timed_out ? STATUS_TIMED_OUT : joint->status;
    error_move(err, &joint->err);
    return *status >= 0;
}

void stream_free(struct stream_joint *joint) {
    if (!joint)
        return;
    exec_free(joint->exec);
    watch_stop(joint->input);
    for (int i = 1; i <= 2; i++) {
        watch_stop(joint->outlets[i].watch);
        buffer_done(&joint->outlets[i].pending);
    }
    timer_stop(joint->timeout);
    timer_stop(joint->kill);
    error_done(&joint->err);
    free(joint);
}
