#include "ui/app.h"

#include "base/tty.h"
#include "incus/server.h"
#include "session/name.h"

#include <errno.h>
#include <signal.h>

/* A row is looked at closely when the cursor has rested on it for so long. */
#define SETTLE_MS 60
#define TICK_MS   2000
/* Keys that are taken in one go; the screen is drawn in between. */
#define KEYS_AT_ONCE 2000

static void draw_now(void *data) {
    struct app *app = data;
    app->frame = NULL;
    if (!app->lent && !app->over)
        frame_draw(app);
}

void app_redraw(struct app *app) {
    if (!app->frame)
        app->frame = loop_timer(app->loop, 0, draw_now, app);
}

void app_say(struct app *app, enum style style, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *text = str_vprintf(format, arguments);
    va_end(arguments);
    str_set(&app->toast, text);
    app->toast_style = style;
    log_add(&app->log,
            style == STYLE_BAD    ? LOG_ERROR
            : style == STYLE_GOOD ? LOG_GOOD
                                  : LOG_NOTE,
            "%s", text);
    app_redraw(app);
}

void app_error(struct app *app, const struct error *err) {
    log_error(&app->log, err);
    str_set(&app->toast, err->message);
    app->toast_style = STYLE_BAD;
    app_redraw(app);
}

struct store_row *app_row(const struct app *app) {
    return store_find(&app->store, app->shown);
}

/* What was gathered of the row before. */
static void forget_shown(struct app *app) {
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
        if (tab_views[app->tab]->fetch && app->shown)
            tab_views[app->tab]->fetch(app);
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
        forget_shown(app);
    str_set(&app->shown, name);
    str_set(&app->shown_as, as);
    if (row && !app->settle)
        app->settle = loop_timer(app->loop, SETTLE_MS, look_now, app);
    app_arm(app);
}

static void store_changed(void *data) {
    struct app *app = data;
    list_refresh(&app->list);
    app_look(app);
    app_redraw(app);
}

static void minute_over(void *data) {
    struct app *app = data;
    app->minute = loop_timer(app->loop, 60000, minute_over, app);
    for (size_t i = 0; i < app->list.count; i++)
        if (str_equal(app->list.order[i]->session.status, "Running")) {
            app_redraw(app);
            return;
        }
}

void app_open_layer(struct app *app, const struct layer *layer) {
    app->layer = layer;
    app_redraw(app);
}

void app_lend(struct app *app) {
    app->lent = true;
    watch_events(app->input, 0);
    term_lend();
    app_arm(app);
}

void app_take(struct app *app) {
    term_take();
    app->lent = false;
    watch_events(app->input, POLLIN);
    app_arm(app);
    app_redraw(app);
}

void app_quit(struct app *app) {
    app->over = true;
}

static void caught(void *data, int signal) {
    struct app *app = data;
    if (app->joint) {
        stream_signal(app->joint, signal);
    } else if (signal == SIGWINCH) {
        term_resize();
        app_redraw(app);
    }
    if (signal == SIGWINCH)
        return;
    app->signal = signal;
    app_quit(app);
}

static enum action clicked(const struct app *app, const struct key *key) {
    for (size_t i = 0; i < app->spot_count; i++) {
        const struct spot *spot = &app->spots[i];
        if (key->row == spot->row && key->column >= spot->column &&
            key->column < spot->column + spot->columns)
            return spot->action;
    }
    return ACTION_NONE;
}

static bool is_inside(struct area area, const struct key *key) {
    return key->row >= area.row && key->row < area.row + area.rows && key->column >= area.column &&
           key->column < area.column + area.columns;
}

/* A click or a turn of the wheel on the panes. */
static void mouse(struct app *app, const struct key *key) {
    enum action action = clicked(app, key);
    bool wheel = key->code == UI_WHEEL_UP || key->code == UI_WHEEL_DOWN;
    if (wheel && is_inside(app->pane_area, key)) {
        app_act(app, key->code == UI_WHEEL_UP ? ACTION_PANE_UP : ACTION_PANE_DOWN);
        return;
    }
    if (wheel) {
        list_move(&app->list, key->code == UI_WHEEL_UP ? -3 : 3);
        return;
    }
    if (action != ACTION_NONE) {
        app_act(app, action);
        return;
    }
    size_t row = app->list.top + (size_t)(key->row - app->list_area.row);
    if (!is_inside(app->list_area, key) || row >= app->list.count)
        return;
    list_select(&app->list, row);
    if (key->code == UI_DOUBLE_CLICK)
        app_act(app, ACTION_ATTACH);
}

static bool is_mouse(int code) {
    return code == UI_CLICK || code == UI_DOUBLE_CLICK || code == UI_WHEEL_UP || code == UI_WHEEL_DOWN;
}

static void take_key(struct app *app, const struct key *key) {
    if (key->code == UI_FOCUS_IN || key->code == UI_FOCUS_OUT) {
        app->focused = key->code == UI_FOCUS_IN;
        app_arm(app);
        return;
    }
    str_set(&app->toast, NULL);
    if (key->code == UI_CTRL('l')) {
        term_redraw();
    } else if (key->code == UI_CTRL('z')) {
        app_act(app, ACTION_SUSPEND);
    } else if (app->layer) {
        app->layer->key(app, key);
    } else if (is_mouse(key->code)) {
        mouse(app, key);
    } else {
        app_act(app, keys_action(key));
    }
    app_look(app);
}

static void more_keys(void *data);

static void take_keys(struct app *app) {
    struct key key;
    int count = 0;
    while (!app->lent && !app->over && term_read(&key)) {
        take_key(app, &key);
        if (++count < KEYS_AT_ONCE)
            continue;
        /* curses may hold some that no descriptor tells of */
        if (!app->more)
            app->more = loop_timer(app->loop, 0, more_keys, app);
        break;
    }
    app_redraw(app);
}

static void more_keys(void *data) {
    struct app *app = data;
    app->more = NULL;
    take_keys(app);
}

static void input_ready(void *data, short events) {
    struct app *app = data;
    if (app->lent)
        return;
    if (events & (POLLHUP | POLLERR)) { /* the terminal has gone */
        app->signal = SIGHUP;
        app_quit(app);
        return;
    }
    take_keys(app);
}

/* Waits for the tasks that are left: what they have created is undone, what the daemon does goes on. */
static void end_tasks(struct app *app) {
    _cleanup_(error_done) struct error ignored = {0};
    int64_t end = loop_now() + 15000;
    loop_cancel_tasks(app->loop);
    app->question.answered = true;
    while (loop_has_tasks(app->loop) && loop_now() < end)
        if (!loop_pause(app->loop, 10, &ignored))
            return;
}

static void done(struct app *app) {
    struct timer *const timers[] = {app->frame, app->minute, app->ticker, app->settle, app->more};
    for (size_t i = 0; i < array_length(timers); i++)
        timer_stop(timers[i]);
    app->frame = app->minute = app->ticker = app->settle = app->more = NULL;
    watch_stop(app->input);
    end_tasks(app);
    timer_stop(app->frame);
    forget_shown(app);
    form_free(app->form);
    launch_free(app->job);
    list_done(&app->list);
    store_close(&app->store);
    log_done(&app->log);
    field_done(&app->line);
    strings_done(&app->found);
    strings_done(&app->question.details);
    free(app->question.text);
    free(app->shown);
    free(app->shown_as);
    free(app->toast);
    incus_free(app->client);
    loop_free(app->loop);
}

static bool begin(struct app *app, struct error *err) {
    app->prefix = name_prefix(err);
    if (!app->prefix)
        return false;
    app->loop = loop_new(err);
    if (!app->loop)
        return false;
    _cleanup_free_ char *socket = incus_find_socket(app->options->socket);
    app->client = incus_new(app->loop, socket, settings_text(app->settings, SETTING_PROJECT));
    list_init(&app->list, &app->store);
    return term_open(settings_text(app->settings, SETTING_THEME), app->options->no_color, err) &&
           loop_signals(app->loop, caught, app, err);
}

bool ui_run(const struct ui_options *options, int *signal, struct error *err) {
    struct app *app = mem_new(sizeof *app);
    *app = (struct app){.options = options, .settings = options->settings, .focused = true};
    app->store.prefix = ""; /* nothing is there yet, and may be looked at */
    bool good = begin(app, err);
    if (good) {
        frame_draw(app); /* before the daemon is asked */
        store_open(&app->store, app->client, app->prefix, store_changed, app);
        app->input = loop_watch(app->loop, STDIN_FILENO, POLLIN, input_ready, app);
        app->minute = loop_timer(app->loop, 60000, minute_over, app);
        good = loop_run(app->loop, &app->over, err);
    }
    term_close();
    *signal = app->signal;
    if (app->loop)
        done(app);
    free(app);
    return good;
}
