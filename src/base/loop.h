/*
 * The one loop: HTTP transfers, descriptors, timers and signals, in one thread, waiting in
 * curl_multi_poll(). Nothing here blocks but loop_run(), and that only while nothing is due.
 *
 * Callbacks may start and stop anything, themselves included.
 */
#pragma once

#include "base/error.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>

struct loop;
struct watch;
struct timer;

/* Blocks nothing yet; the caller owns the loop. NULL when the kernel has no descriptor left. */
struct loop *loop_new(struct error *err) nodiscard;
void loop_free(struct loop *loop);
static inline void loop_cleanup(struct loop **loop) {
    loop_free(*loop);
}

/* Calls `ready` when one of `events` (POLLIN, POLLOUT; 0: none for now) or an end is seen on fd. */
typedef void watch_fn(void *data, short events);
struct watch *loop_watch(struct loop *loop, int fd, short events, watch_fn *ready, void *data) nodiscard;
void watch_events(struct watch *watch, short events);
/* Stops and frees; the descriptor stays open. NULL is allowed, here and below. */
void watch_stop(struct watch *watch);

/* Calls `due` once, `milliseconds` from now; the timer is gone then. */
typedef void timer_fn(void *data);
struct timer *loop_timer(struct loop *loop, long milliseconds, timer_fn *due, void *data) nodiscard;
void timer_stop(struct timer *timer);

/*
 * Starts a transfer. `done` is called once, with libcurl's code; the handle remains the caller's and
 * in the loop until loop_transfer_stop(), which has to be called before the handle is freed.
 */
typedef void transfer_fn(void *data, CURLcode code);
void loop_transfer(struct loop *loop, CURL *easy, transfer_fn *done, void *data);
void loop_transfer_stop(struct loop *loop, CURL *easy);

/*
 * From here on SIGINT, SIGTERM, SIGHUP and SIGWINCH come as calls of `caught` instead of their
 * default action, and SIGPIPE is ignored. `caught` NULL: they are only remembered
 * (loop_last_signal). A child gets the old state back through loop_signals_old().
 */
typedef void signal_fn(void *data, int signal);
bool loop_signals(struct loop *loop, signal_fn *caught, void *data, struct error *err) nodiscard;
const sigset_t *loop_signals_old(const struct loop *loop);
/* The last signal that asks for an end (not SIGWINCH), 0 if none came. */
int loop_last_signal(const struct loop *loop);

/*
 * While on, a signal that asks for an end makes loop_run() fail with ERROR_CANCELLED, and go on
 * failing until it is off. Off at first; the third such signal interrupts in any case. In a task (task.h):
 * task_cancel() does, for that task alone.
 */
void loop_interruptible(struct loop *loop, bool on);
/* Whether an end was asked for, interruptible or not; then an error of class ERROR_CANCELLED. */
bool loop_cancelled(const struct loop *loop, struct error *err);

/*
 * Runs until *done is true. Fails when interrupted, or if the kernel refuses to wait. To be called in
 * a task, or where no callback of this loop is under way.
 */
bool loop_run(struct loop *loop, const bool *done, struct error *err) nodiscard;

/* Whether tasks are under way; and task_cancel() for all of them. */
bool loop_has_tasks(const struct loop *loop);
void loop_cancel_tasks(struct loop *loop);

/* Runs for so long, and no longer. */
bool loop_pause(struct loop *loop, long milliseconds, struct error *err) nodiscard;

/* Milliseconds of a clock that never goes back. */
int64_t loop_now(void);
