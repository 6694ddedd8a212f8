/*
 * Watching a session: one stream of tmux' control mode out of its container, read-only and without a size
 * of its own, for as long as somebody looks. Nothing is polled. What its panes write comes with it as long
 * as that is little; of a flood it is told once a second that it goes on, so that watching slows nothing.
 *
 * Two clients are attached by the one command: the second takes no output, which keeps tmux from waiting
 * for the first one where that is not read (a berth that is stopped, a connection that hangs): measured
 * with tmux 3.3a, and control_pane_offset() of its control.c.
 */
#pragma once

#include "session/tmux.h"
#include "watch/activity.h"
#include "watch/contents.h"

struct session_watch;

/* Why there is no stream. */
enum watch_end {
    WATCH_GOES_ON,
    WATCH_ENDED,      /* its tmux session has ended */
    WATCH_NO_SESSION, /* there is no tmux session in it (yet) */
    WATCH_NO_TMUX,    /* its image has no tmux, or one older than 3.2 */
    WATCH_LOST,       /* the daemon, or the connection to it, went away */
};

struct session_watch_handler {
    /* The activity is another. */
    void (*changed)(void *data);
    /* New contents; only while they are wanted. */
    void (*contents)(void *data);
    /* The stream has ended; the watch is to be stopped. */
    void (*ended)(void *data, enum watch_end why);
};

/* `inside` is borrowed for the call, the handler for as long. */
struct session_watch *session_watch_start(const struct inside *inside,
                                          const struct session_watch_handler *handler,
                                          void *data) nodiscard;
/* Frees; what runs inside is not touched. NULL is allowed. */
void session_watch_stop(struct session_watch *watch);

/* Lent, and always there. */
struct activity *session_watch_activity(struct session_watch *watch);
/* Somebody looks at it: its bells and notifications are old, for whoever asks its tmux too. Whether there
 * were any. */
bool session_watch_looked(struct session_watch *watch);

/* Whether contents are wanted: at most 30 in a second, one where it floods. */
void session_watch_view(struct session_watch *watch, bool wanted);
/* The last that came; NULL: none has. */
const struct watch_contents *session_watch_contents(const struct session_watch *watch);
/*
 * Asks for what is shown with `lines` of what was above it; `came` is called once, with NULL if that cannot
 * be had. One question at a time: false while another is under way. With `came` NULL: nobody waits any
 * more.
 */
typedef void watch_history_fn(void *data, const char *text);
bool session_watch_history(struct session_watch *watch, size_t lines, watch_history_fn *came, void *data);
