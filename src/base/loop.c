#include "base/loop.h"

#include "base/loop_private.h"
#include "base/task.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

/* Whoever asks so often does not want to wait for anything any more. */
#define SIGNALS_ENOUGH 3

struct watch {
    struct loop *loop;
    struct watch *next;
    int fd;
    short events;
    bool stopped; /* freed when no callback can be looking at the list */
    watch_fn *ready;
    void *data;
};

struct timer {
    struct loop *loop;
    struct timer *next;
    int64_t due_at;
    timer_fn *due;
    void *data;
};

struct transfer {
    transfer_fn *done;
    void *data;
};

int64_t loop_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

struct loop *loop_new(struct error *err) {
    /* no TLS: the daemon is spoken to over a unix socket, and OpenSSL's start costs more than a list */
    curl_global_init(CURL_GLOBAL_NOTHING);
    struct loop *loop = mem_new(sizeof *loop);
    loop->signal_fd = -1;
    loop->multi = curl_multi_init();
    if (!loop->multi) {
        free(loop);
        error_set(err, ERROR_FAILED, "libcurl does not start: too many open files?");
        return NULL;
    }
    return loop;
}

static void sweep_watches(struct loop *loop) {
    for (struct watch **link = &loop->watches; *link;) {
        struct watch *watch = *link;
        if (watch->stopped) {
            *link = watch->next;
            free(watch);
        } else {
            link = &watch->next;
        }
    }
}

void loop_free(struct loop *loop) {
    if (!loop)
        return;
    for (struct watch *watch = loop->watches; watch; watch = watch->next)
        watch->stopped = true;
    sweep_watches(loop);
    for (struct timer *timer = loop->timers, *next; timer; timer = next) {
        next = timer->next;
        free(timer);
    }
    tasks_free(&loop->tasks);
    curl_multi_cleanup(loop->multi);
    if (loop->signal_fd >= 0) {
        close(loop->signal_fd);
        sigprocmask(SIG_SETMASK, &loop->old_signals, NULL);
    }
    free(loop->polled);
    free(loop->polled_for);
    free(loop);
    curl_global_cleanup();
}

struct watch *loop_watch(struct loop *loop, int fd, short events, watch_fn *ready, void *data) {
    struct watch *watch = mem_new(sizeof *watch);
    *watch = (struct watch){
        .loop = loop, .next = loop->watches, .fd = fd, .events = events, .ready = ready, .data = data};
    loop->watches = watch;
    return watch;
}

void watch_events(struct watch *watch, short events) {
    if (watch)
        watch->events = events;
}

void watch_stop(struct watch *watch) {
    if (watch)
        watch->stopped = true;
}

struct timer *loop_timer(struct loop *loop, long milliseconds, timer_fn *due, void *data) {
    struct timer *timer = mem_new(sizeof *timer);
    *timer = (struct timer){.loop = loop, .due_at = loop_now() + milliseconds, .due = due, .data = data};
    struct timer **link = &loop->timers;
    while (*link && (*link)->due_at <= timer->due_at)
        link = &(*link)->next;
    timer->next = *link;
    *link = timer;
    return timer;
}

void timer_stop(struct timer *timer) {
    if (!timer)
        return;
    for (struct timer **link = &timer->loop->timers; *link; link = &(*link)->next)
        if (*link == timer) {
            *link = timer->next;
            break;
        }
    free(timer);
}

void loop_transfer(struct loop *loop, CURL *easy, transfer_fn *done, void *data) {
    struct transfer *transfer = mem_new(sizeof *transfer);
    *transfer = (struct transfer){done, data};
    curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
    curl_multi_add_handle(loop->multi, easy);
}

void loop_transfer_stop(struct loop *loop, CURL *easy) {
    struct transfer *transfer = NULL;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, NULL);
    curl_multi_remove_handle(loop->multi, easy);
    free(transfer);
}

static void signal_ready(void *data, short events) {
    struct loop *loop = data;
    struct signalfd_siginfo info;
    (void)events;
    if (read(loop->signal_fd, &info, sizeof info) != (ssize_t)sizeof info)
        return;
    if (info.ssi_signo != SIGWINCH)
        loop->last_signal = (int)info.ssi_signo, loop->signals++;
    if (loop->caught)
        loop->caught(loop->caught_data, (int)info.ssi_signo);
}

bool loop_signals(struct loop *loop, signal_fn *caught, void *data, struct error *err) {
    loop->caught = caught;
    loop->caught_data = data;
    if (loop->signal_fd >= 0)
        return true;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGWINCH);
    signal(SIGPIPE, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, &loop->old_signals);
    loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (loop->signal_fd < 0)
        return error_errno(err, errno, "signalfd");
    loop->signal_watch = loop_watch(loop, loop->signal_fd, POLLIN, signal_ready, loop);
    return true;
}

const sigset_t *loop_signals_old(const struct loop *loop) {
    return &loop->old_signals;
}

int loop_last_signal(const struct loop *loop) {
    return loop->last_signal;
}

static void run_timers(struct loop *loop) {
    int64_t now = loop_now();
    while (loop->timers && loop->timers->due_at <= now) {
        struct timer *timer = loop->timers;
        loop->timers = timer->next;
        timer_fn *due = timer->due;
        void *data = timer->data;
        free(timer);
        due(data);
    }
}

static void finish_transfers(struct loop *loop) {
    int running, queued;
    curl_multi_perform(loop->multi, &running);
    for (CURLMsg *message; (message = curl_multi_info_read(loop->multi, &queued));) {
        struct transfer *transfer = NULL;
        if (message->msg != CURLMSG_DONE)
            continue;
        CURLcode code = message->data.result;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
        if (transfer)
            transfer->done(transfer->data, code);
    }
}

/* The watches that want something, as descriptors for curl; returns how many. */
static unsigned int collect(struct loop *loop) {
    unsigned int count = 0;
    for (struct watch *watch = loop->watches; watch; watch = watch->next) {
        if (watch->stopped || watch->events == 0)
            continue;
        if (count == loop->polled_room) {
            loop->polled_room = loop->polled_room * 2 + 8;
            loop->polled = mem_grow(loop->polled, loop->polled_room * sizeof *loop->polled);
            loop->polled_for = mem_grow(loop->polled_for, loop->polled_room * sizeof *loop->polled_for);
        }
        /* libcurl's own flags, which have poll's names but not always its values */
        short wanted = (short)((watch->events & POLLIN ? CURL_WAIT_POLLIN : 0) |
                               (watch->events & POLLOUT ? CURL_WAIT_POLLOUT : 0));
        loop->polled[count] = (struct curl_waitfd){.fd = watch->fd, .events = wanted};
        loop->polled_for[count++] = watch;
    }
    return count;
}

/*
 * Asks poll() itself what is ready: curl_waitfd.revents leaves out POLLHUP and POLLERR, and a
 * descriptor that only hung up would wake the loop for ever without anybody being called.
 */
static void dispatch(struct loop *loop, unsigned int count) {
    for (unsigned int i = 0; i < count; i++) {
        struct watch *watch = loop->polled_for[i];
        struct pollfd now = {.fd = watch->fd, .events = watch->events};
        if (!watch->stopped && watch->events && poll(&now, 1, 0) > 0)
            watch->ready(watch->data, now.revents);
    }
}

static int wait_time(const struct loop *loop) {
    if (!loop->timers)
        return INT_MAX;
    int64_t left = loop->timers->due_at - loop_now();
    return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

void loop_interruptible(struct loop *loop, bool on) {
    if (loop->current)
        task_interruptible(loop->current, on);
    else
        loop->interruptible = on;
}

bool loop_cancelled(const struct loop *loop, struct error *err) {
    int signal = loop->current ? SIGINT : loop->last_signal;
    if (loop->current ? !task_is_cancelled(loop->current) : !signal)
        return false;
    if (loop->current)
        error_set(err, ERROR_CANCELLED, "cancelled");
    else
        error_set(err, ERROR_CANCELLED, "cancelled by SIG%s", sigabbrev_np(signal));
    err->code = signal;
    return true;
}

bool loop_run(struct loop *loop, const bool *done, struct error *err) {
    if (loop->current)
        return task_wait(loop->current, done) || (loop_cancelled(loop, err), false);
    finish_transfers(loop);
    tasks_run(&loop->tasks);
    while (!*done) {
        if ((loop->interruptible || loop->signals >= SIGNALS_ENOUGH) && loop_cancelled(loop, err))
            return false;
        unsigned int count = collect(loop);
        CURLMcode code = curl_multi_poll(loop->multi, loop->polled, count, wait_time(loop), NULL);
        if (code != CURLM_OK)
            return error_set(err, ERROR_FAILED, "waiting for events: %s", curl_multi_strerror(code));
        finish_transfers(loop);
        dispatch(loop, count);
        run_timers(loop);
        tasks_run(&loop->tasks);
        sweep_watches(loop);
    }
    return true;
}

bool loop_has_tasks(const struct loop *loop) {
    return loop->tasks != NULL;
}

void loop_cancel_tasks(struct loop *loop) {
    tasks_cancel(loop->tasks);
}

static void set_true(void *data) {
    *(bool *)data = true;
}

bool loop_pause(struct loop *loop, long milliseconds, struct error *err) {
    bool over = false;
    struct timer *timer = loop_timer(loop, milliseconds, set_true, &over);
    if (loop_run(loop, &over, err))
        return true;
    timer_stop(timer);
    return false;
}
