#include "ui/live.h"

#include "base/time.h"
#include "ui/attention.h"

/* After a frame that took long to write, the next one comes so many times later. */
#define SLOW_FACTOR 4
#define SLOWEST_MS  1000

static char *in_words(const struct activity *activity) {
    return activity ? activity_reason(activity, time_now_ms()) : NULL;
}

static void arm(struct app *app);

/* What was lent may be gone: the row gets it anew. Whether what is shown of it is another. */
static bool lend_to(const struct app *app, struct store_row *row) {
    row->activity = watches_activity(app->host.watches, row->session.name);
    _cleanup_free_ char *at = in_words(row->activity);
    if (str_equal(at, row->at))
        return false;
    str_set(&row->at, at);
    row->moved = true;
    return true;
}

static bool lend_to_all(const struct app *app) {
    bool other = false;
    for (size_t i = 0; i < app->store.count; i++)
        other |= lend_to(app, app->store.rows[i]);
    return other;
}

static void show_news(struct app *app, bool other) {
    attention_refresh(app);
    arm(app);
    if (!other)
        return;
    if (app->list.sort == COLUMN_STATE)
        list_refresh(&app->list);
    app->host.redraw(&app->host);
}

static void changed(void *data, const char *name) {
    struct app *app = data;
    struct store_row *row = store_find(&app->store, name);
    if (row)
        show_news(app, lend_to(app, row));
}

static void frame_due(void *data) {
    struct app *app = data;
    app->frame = NULL;
    app->frame_late = false;
    app->host.redraw(&app->host);
}

/* A terminal that takes its time is given it: keys come before what flows past. */
static void contents(void *data, const char *name) {
    struct app *app = data;
    if (!strings_has(&app->host.viewed, name) || app->frame)
        return;
    long wait = app->frame_ms < 2 ? 0 : app->frame_ms * SLOW_FACTOR;
    app->frame = loop_timer(app->host.loop, wait < SLOWEST_MS ? wait : SLOWEST_MS, frame_due, app);
    app->frame_late = true;
}

static void due(void *data) {
    struct app *app = data;
    app->falling_quiet = NULL;
    show_news(app, lend_to_all(app));
}

/* Who works falls quiet by itself; nothing else changes without being told. */
static void arm(struct app *app) {
    long next = (long)watches_next(app->host.watches, time_now_ms());
    timer_stop(app->falling_quiet);
    app->falling_quiet = next ? loop_timer(app->host.loop, next, due, app) : NULL;
}

void live_start(struct app *app) {
    static const struct watches_handler handler = {changed, contents};
    app->host.watches = watches_new(app->host.client, app->host.settings, &handler, app);
}

void live_stop(struct app *app) {
    timer_stop(app->falling_quiet);
    app->falling_quiet = NULL;
    watches_free(app->host.watches);
    app->host.watches = NULL;
    for (size_t i = 0; i < app->store.count; i++)
        app->store.rows[i]->activity = NULL;
    strings_done(&app->host.viewed);
}

void live_refresh(struct app *app) {
    const struct store *store = &app->store;
    bool up = store->link == LINK_UP && store->complete;
    if (up && app->was_away)
        watches_again(app->host.watches);
    app->was_away = !up;
    if (!up)
        return; /* the streams have ended by themselves, or go on */
    _cleanup_free_ const struct session **sessions = mem_new((store->count + 1) * sizeof *sessions);
    for (size_t i = 0; i < store->count; i++)
        sessions[i] = &store->rows[i]->session;
    watches_want(app->host.watches, sessions, store->count, app->host.shown);
    show_news(app, lend_to_all(app));
}

void live_executed(struct app *app, const char *name) {
    watches_poke(app->host.watches, name);
}

void live_begin_frame(struct app *app) {
    strings_done(&app->host.viewed);
}

void live_end_frame(struct app *app) {
    const struct strings *viewed = &app->host.viewed;
    bool looked = false;
    watches_view(app->host.watches, viewed);
    for (size_t i = 0; i < viewed->count && app->host.focused; i++) {
        struct session_watch *watch = watches_find(app->host.watches, viewed->items[i]);
        looked |= watch && session_watch_looked(watch);
    }
    if (looked)
        show_news(app, lend_to_all(app));
}

void live_looked(struct app *app, const char *name) {
    struct session_watch *watch = watches_find(app->host.watches, name);
    if (watch && session_watch_looked(watch))
        show_news(app, lend_to_all(app));
}
