/* Keys and clicks: to what lies over the panes, or to the panes. */
#include "ui/app.h"

#include <signal.h>

/* Keys that are taken in one go; the screen is drawn in between. */
#define KEYS_AT_ONCE 2000

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

void app_input(void *data, short events) {
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
