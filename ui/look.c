/* The row under the cursor: what is asked of the daemon for it, and how often. */
#include "ui/app.h"

/* A row is looked at closely when the cursor has rested on it for so long. */
#define SETTLE_MS 60
#define TICK_MS   2000

struct store_row *app_row(const struct app *app) {
    return store_find(&app->store, app->shown);
}

/* What was gathered of the row before. */
void app_forget(struct app *app) {
    mapping_done(&app->mapping);
    strings_done(&app->preview);
    strings_done(&app->processes);
    json_decref(app->state);
    app->state = NULL;
    app->scroll = 0;
}

static void fetch(void *data) {
    struct app *app = data;
    loop_interruptible(app->loop, true);
    do {
        app->fetch_again = false;
        const struct tab_view *view = app->layer == &layer_idmap ? &tab_mapping : tab_views[app->tab];
        if (view->fetch && app->shown)
            view->fetch(app);
        if (stats_wanted(app))
            stats_fetch(app);
    } while (app->fetch_again && !app->over);
    app->fetching = NULL;
    app_arm(app);
    app_redraw(app);
}

static void start_fetch(struct app *app) {
    if (app->fetching)
        app->fetch_again = true;
    else if (app->store.link == LINK_UP)
        app->fetching = task_start(app->loop, fetch, app);
}

void app_show_tab(struct app *app) {
    if (app->shown)
        start_fetch(app);
    app_arm(app);
}

static void tick(void *data) {
    struct app *app = data;
    app->ticker = NULL;
    if (!app->lent)
        start_fetch(app);
}

void app_arm(struct app *app) {
    const struct store_row *row = app_row(app);
    bool live = tab_views[app->tab]->live && app->pane_area.rows > 0 && row &&
                str_equal(row->session.status, "Running");
    bool wanted = (live || stats_wanted(app)) && app->focused && !app->lent && !app->over;
    if (wanted && !app->ticker && !app->fetching)
        app->ticker = loop_timer(app->loop, TICK_MS, tick, app);
    if (!wanted) {
        timer_stop(app->ticker);
        app->ticker = NULL;
    }
}

static void look_now(void *data) {
    struct app *app = data;
    const struct store_row *row = app_row(app);
    app->settle = NULL;
    if (!row)
        return;
    const struct server *server = app->store.server.version ? &app->store.server : NULL;
    if (*row->session.workspace)
        mapping_of_workspace(&app->mapping, app->settings, row->session.workspace, NULL, server);
    str_set(&app->mapping.container, row->session.name);
    start_fetch(app);
    app_redraw(app);
}

void app_look(struct app *app) {
    const struct store_row *row = list_current(&app->list);
    _cleanup_free_ char *as =
        row ? str_printf("%s %s %d", row->session.status, row->session.raw, row->session.shift) : NULL;
    const char *name = row ? row->session.name : NULL;
    if (str_equal(name, app->shown) && str_equal(as, app->shown_as))
        return;
    if (!str_equal(name, app->shown))
        app_forget(app);
    str_set(&app->shown, name);
    str_set(&app->shown_as, as);
    if (row && !app->settle)
        app->settle = loop_timer(app->loop, SETTLE_MS, look_now, app);
    app_arm(app);
}
