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
    row->activity = watches_activity(daemons_of(&app->host.daemons, row->key)->watches, row->session.name);
    _cleanup_free_ char *at = in_words(row->activity);
    if (str_equal(at, row->at))
        return false;
    str_set(&row->at, at);
    row->moved = true;
    return true;
}

static bool lend_to_all(const struct app *app) {
    bool other = false;
    struct store_row *row;
    for (size_t i = 0; (row = daemons_row(&app->host.daemons, i)); i++)
        other |= lend_to(app, row);
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
    const struct daemon *daemon = data;
    struct app *app = daemon->owner;
    struct store_row *row = store_find(&daemon->store, name);
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
    const struct daemon *daemon = data;
    struct app *app = daemon->owner;
    const struct store_row *row = store_find(&daemon->store, name);
    if (!row || !strings_has(&app->host.viewed, row->key) || app->frame)
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
    const struct daemons *daemons = &app->host.daemons;
    long next = 0;
    for (size_t i = 0; i < daemons->count; i++) {
        long one = (long)watches_next(daemons->items[i]->watches, time_now_ms());
        next = one && (!next || one < next) ? one : next;
    }
    timer_stop(app->falling_quiet);
    app->falling_quiet = next ? loop_timer(app->host.loop, next, due, app) : NULL;
}

void live_start(struct app *app, struct daemon *daemon) {
    static const struct watches_handler handler = {changed, contents};
    daemon->watches = watches_new(daemon->client, app->host.settings, &handler, daemon);
}

void live_stop(struct app *app) {
    struct store_row *row;
    timer_stop(app->falling_quiet);
    app->falling_quiet = NULL;
    for (size_t i = 0; i < app->host.daemons.count; i++) {
        watches_free(app->host.daemons.items[i]->watches);
        app->host.daemons.items[i]->watches = NULL;
    }
    for (size_t i = 0; (row = daemons_row(&app->host.daemons, i)); i++)
        row->activity = NULL;
    strings_done(&app->host.viewed);
}

void live_refresh(struct app *app, struct daemon *daemon) {
    const struct store *store = &daemon->store;
    bool up = store->link == LINK_UP && store->complete;
    const char *shown = app->host.shown;
    if (up && daemon->was_away)
        watches_again(daemon->watches);
    daemon->was_away = !up;
    if (!up)
        return; /* the streams have ended by themselves, or go on */
    _cleanup_free_ const struct session **sessions = mem_new((store->count + 1) * sizeof *sessions);
    for (size_t i = 0; i < store->count; i++)
        sessions[i] = &store->rows[i]->session;
    bool ours = shown && daemons_of(&app->host.daemons, shown) == daemon;
    watches_want(daemon->watches, sessions, store->count, ours ? daemons_name(shown) : NULL);
    show_news(app, lend_to_all(app));
}

void live_executed(struct daemon *daemon, const char *name) {
    watches_poke(daemon->watches, name);
}

void live_begin_frame(struct app *app) {
    strings_done(&app->host.viewed);
}

void live_end_frame(struct app *app) {
    const struct strings *viewed = &app->host.viewed;
    bool looked = false;
    for (size_t i = 0; i < app->host.daemons.count; i++) {
        const struct daemon *daemon = app->host.daemons.items[i];
        _cleanup_(strings_done) struct strings names = {0};
        for (size_t j = 0; j < viewed->count; j++)
            if (daemons_of(&app->host.daemons, viewed->items[j]) == daemon)
                strings_add(&names, daemons_name(viewed->items[j]));
        watches_view(daemon->watches, &names);
    }
    for (size_t i = 0; i < viewed->count && app->host.focused; i++) {
        struct session_watch *watch = host_watch(&app->host, viewed->items[i]);
        looked |= watch && session_watch_looked(watch);
    }
    if (looked)
        show_news(app, lend_to_all(app));
}

void live_looked(struct app *app, const char *key) {
    struct session_watch *watch = host_watch(&app->host, key);
    if (watch && session_watch_looked(watch))
        show_news(app, lend_to_all(app));
}
