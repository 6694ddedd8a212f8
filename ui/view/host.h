/*
 * What a view may know and ask for: what is known of the daemon and the row under the cursor, and a few
 * things that only the whole screen can do.
 */
#pragma once

#include "base/task.h"
#include "health/health.h"
#include "session/tmux.h"
#include "ui/keys.h"
#include "ui/state/list.h"
#include "ui/state/log.h"
#include "ui/state/mapping.h"
#include "ui/terminal/theme.h"
#include "ui/view/view.h"
#include "watch/watches.h"

struct host {
    struct loop *loop;
    struct daemons daemons;
    struct incus *client;      /* of the first of them, where new sessions go unless they say otherwise */
    struct settings *settings; /* borrowed */
    const char *prefix;        /* of sessions' names */
    struct store *store;       /* of the first */
    struct list *list;
    struct log *log;
    struct mapping *mapping;   /* of the row under the cursor */
    char *shown;               /* the key of that row; NULL: there is none */
    struct strings viewed;     /* keys of those whose terminals are drawn in this frame: host_view() */
    enum health_status health; /* the worst of the last look (health.h); HEALTH_OK before the first */
    struct error no_image;     /* why a session could not be made; class 0: it could, or nothing is known */
    bool focused;              /* the terminal has the focus */
    bool attaching;            /* a task is on its way into a session: a second Enter does nothing */
    bool over;                 /* the screen is being left: nothing is to be shown any more */
    unsigned int launching;    /* launches under way */
    unsigned int running;      /* commands of runs under way */
    /* What may stand at the end of a command line of berth's; may be NULL (see ui.h). */
    void (*complete)(const struct strings *words, const struct strings *names, struct strings *found);

    /* A frame at the end of this turn of the loop. */
    void (*redraw)(struct host *host);
    /* A line at the bottom until the next key, and a line in the log. */
    void (*say)(struct host *host, enum style style, const char *format, ...) printf_like(3, 4);
    void (*error)(struct host *host, const struct error *err);
    /* Puts a layer over the panes; takes the one with this state away. */
    void (*open)(struct host *host, const struct view *view, const void *argument);
    void (*close)(struct host *host, const void *state);
    /* The log is the tab in view. */
    void (*show_log)(struct host *host);
    /* Opens the command line (":") with this text in it. */
    void (*command)(struct host *host, const char *text);
    /* What the key of this action would do. */
    void (*act)(struct host *host, enum action action);
    /* The same for the session of this key alone: to attach, to zoom, to talk. */
    void (*act_on)(struct host *host, enum action action, const char *key);
    /* In a task: asks a question; true for yes. `details`: what would be lost, a line each; may be NULL. */
    bool (*ask)(struct host *host, const char *question, const struct strings *details);
    /* Lends the terminal, false if it is lent already or given back for good; and takes it back. */
    bool (*lend)(struct host *host);
    void (*take)(struct host *host);
    /* In a task: hands the terminal to a session, and says what became of it. */
    void (*attach)(struct host *host, const struct inside *inside);
    /* Starts a launch, and shows it. */
    void (*launch)(struct host *host, struct launch_request *take_request, struct settings *take_settings,
                   bool shell);
    void (*quit)(struct host *host);
};

/* The row under the cursor; NULL if it is gone. */
static inline struct store_row *host_row(const struct host *host) {
    return daemons_find(&host->daemons, host->shown);
}
/* The client for a row's daemon, by its key; the name to be used with it is daemons_name(key). */
static inline struct incus *host_client(const struct host *host, const char *key) {
    return daemons_of(&host->daemons, key)->client;
}
/* Whether it is there and runs. */
static inline bool host_row_runs(const struct host *host) {
    const struct store_row *row = host_row(host);
    return row && str_equal(row->session.status, "Running");
}

/* The session's stream; NULL if it has none, or there is no session. */
static inline struct session_watch *host_watch(const struct host *host, const char *key) {
    return key ? watches_find(daemons_of(&host->daemons, key)->watches, daemons_name(key)) : NULL;
}
/* The same; its terminal is drawn in this frame. */
static inline struct session_watch *host_view(struct host *host, const char *key) {
    if (!strings_has(&host->viewed, key))
        strings_add(&host->viewed, key);
    return host_watch(host, key);
}
