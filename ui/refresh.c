#include "ui/refresh.h"

#include "base/task.h"
#include "ui/view/views.h"

/* A row is looked at closely when the cursor has rested on it for so long. */
#define SETTLE_MS 60
#define TICK_MS   2000

void refresh_forget(struct app *app) {
    mapping_done(&app->mapping);
    for (int i = 0; i < TABS; i++)
        if (app->tabs[i].view->forget)
            app->tabs[i].view->forget(app->tabs[i].state);
}

/* Which pane's question is asked for the row: the mapping in full lies over the tabs. */
static const struct open_view *asking_view(const struct app *app) {
    return app_is_top(app, &view_idmap) ? &app->layers[app->layer_count - 1] : &app->tabs[app->tab];
}

static bool is_live(const struct open_view *open) {
    return open->view->live && open->view->live(open->state);
}

static void fetch(void *data) {
    struct app *app = data;
    struct host *host = &app->host;
    _cleanup_(error_done) struct error cancelled = {0};
    loop_interruptible(host->loop, true);
    do {
        app->fetch_again = false;
        str_set(&app->fetched, host->shown);
        const struct open_view *open = asking_view(app);
        if (open->view->fetch && host->shown)
            open->view->fetch(open->state);
        if (is_live(&app->sessions))
            app->sessions.view->fetch(app->sessions.state);
    } while (app->fetch_again && !host->over && !loop_cancelled(host->loop, &cancelled));
    app->fetching = NULL;
    str_set(&app->fetched, NULL);
    if (app->fetch_again && !host->over)
        app->fetching = task_start(host->loop, fetch, app);
    refresh_arm(app);
    host->redraw(host);
}

/* Whether what is under way waits for another machine than the row in view is on. */
static bool waits_for_another(const struct app *app) {
    const struct daemons *daemons = &app->host.daemons;
    const struct store_row *row = host_row(&app->host), *fetched = daemons_find(daemons, app->fetched);
    if (!row || !fetched || row == fetched)
        return false;
    _cleanup_free_ char *here = daemons_machine(daemons, row), *there = daemons_machine(daemons, fetched);
    return !str_equal(here, there);
}

static void start_fetch(struct app *app) {
    const struct store_row *row = host_row(&app->host);
    const struct store *store = row ? row->store : app->host.store;
    if (app->fetching) {
        app->fetch_again = true;
        if (waits_for_another(app))
            task_cancel(app->fetching);
    } else if (store->link == LINK_UP && !(row && row->silent)) {
        app->fetching = task_start(app->host.loop, fetch, app);
    }
}

void refresh_tab(struct app *app) {
    if (app->host.shown)
        start_fetch(app);
    refresh_arm(app);
}

static void tick(void *data) {
    struct app *app = data;
    app->ticker = NULL;
    if (!app->lent)
        start_fetch(app);
}

void refresh_arm(struct app *app) {
    bool live = app->pane_area.rows > 0 && is_live(&app->tabs[app->tab]);
    bool wanted = (live || is_live(&app->sessions)) && app->host.focused && !app->lent && !app->host.over;
    if (wanted && !app->ticker && !app->fetching)
        app->ticker = loop_timer(app->host.loop, TICK_MS, tick, app);
    if (!wanted) {
        timer_stop(app->ticker);
        app->ticker = NULL;
    }
}

static void look_now(void *data) {
    struct app *app = data;
    const struct store_row *row = host_row(&app->host);
    app->settle = NULL;
    if (!row)
        return;
    const struct server *server = row->store->server.version ? &row->store->server : NULL;
    if (*row->session.workspace && row->session.elsewhere) {
        _cleanup_free_ char *path = daemons_workspace(&app->host.daemons, row);
        mapping_elsewhere(&app->mapping, app->host.settings, path, label_ids(row->session.owner));
    } else if (*row->session.workspace)
        mapping_of_workspace(&app->mapping, app->host.settings, row->session.workspace, server);
    str_set(&app->mapping.container, row->key);
    start_fetch(app);
    app->host.redraw(&app->host);
}

void refresh_row(struct app *app) {
    const struct store_row *row = list_current(&app->list);
    _cleanup_free_ char *as =
        row ? str_printf("%s %s %d", row->session.status, row->session.raw, row->session.shift) : NULL;
    const char *key = row ? row->key : NULL;
    if (str_equal(key, app->host.shown) && str_equal(as, app->shown_as))
        return;
    if (!str_equal(key, app->host.shown))
        refresh_forget(app);
    str_set(&app->host.shown, key);
    str_set(&app->shown_as, as);
    if (row && !app->settle)
        app->settle = loop_timer(app->host.loop, SETTLE_MS, look_now, app);
    refresh_arm(app);
}
