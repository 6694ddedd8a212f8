/*
 * The screen's composition: what is known, the panes, the layers over them. Input becomes an action, the
 * action changes the state, the state becomes a frame. Only the files beside this one see it: views have a
 * host.
 */
#pragma once

#include "session/stream.h"
#include "ui/state/link.h"
#include "ui/ui.h"
#include "ui/view/host.h"

enum tab { TAB_MAPPING, TAB_LIVE, TAB_OVERVIEW, TAB_LOG, TAB_PROCESSES, TAB_CHANGES, TAB_SNAPSHOTS, TABS };

/* A view and its state. */
struct open_view {
    const struct view *view;
    void *state;
};

/* Where something can be clicked in the last frame. */
struct spot {
    int row, column, columns;
    enum action action;
};
#define SPOTS_MAX  32
#define LAYERS_MAX 4

struct app {
    struct host host; /* first: a host's app is at the same place */
    const struct ui_options *options;
    struct list list;
    struct log log;
    struct mapping mapping;
    struct keepers *keepers; /* NULL: there are none */
    struct guards *guards;   /* guards.h; NULL before the first list */

    struct open_view sessions; /* the list */
    struct open_view wall;     /* below the list, where there is room for it */
    struct open_view tabs[TABS];
    enum tab tab;
    struct open_view layers[LAYERS_MAX]; /* the last one has the keys */
    size_t layer_count;                  /* 0: the panes have them */

    char *shown_as; /* the state in which the row that is shown was looked at */
    char *toast;
    enum style toast_style;
    struct spot spots[SPOTS_MAX];
    size_t spot_count;
    struct area pane_area; /* no rows: no room for it */

    long frame_ms;   /* what writing the last frame took: a slow connection shows there */
    bool frame_late; /* the next one is not due at once: a key's is */
    struct watch *input;
    struct timer *frame, *minute, *ticker, *settle, *more, *checkup;
    struct timer *falling_quiet, *attention; /* live.c, attention.c */
    struct task *looking_for_image;          /* first.c; NULL: not now */
    bool looked_for_image, images_changed;
    struct task *fetching; /* one at a time */
    char *fetched;         /* the key of the row that it is of */
    bool fetch_again;
    struct stream *stream; /* of the session that has the terminal; NULL: none */
    bool lent;             /* the terminal is not ours now */
    int signal;
};

static inline struct app *app_of(struct host *host) {
    return (struct app *)host;
}
static inline bool app_is_top(const struct app *app, const struct view *view) {
    return app->layer_count && app->layers[app->layer_count - 1].view == view;
}
