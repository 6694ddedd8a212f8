#include "ui/input.h"

#include "ui/actions.h"
#include "ui/attention.h"
#include "ui/refresh.h"

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

/* A click or a turn of the wheel on the panes. */
static void mouse(struct app *app, const struct key *key) {
    enum action action = clicked(app, key);
    bool wheel = key->code == UI_WHEEL_UP || key->code == UI_WHEEL_DOWN;
    if (wheel && area_has(app->pane_area, key->row, key->column))
        actions_do(&app->host, key->code == UI_WHEEL_UP ? ACTION_PANE_UP : ACTION_PANE_DOWN);
    else if (!wheel && action != ACTION_NONE)
        actions_do(&app->host, action);
    else
        app->sessions.view->key(app->sessions.state, key);
}

static bool is_mouse(int code) {
    return code == UI_CLICK || code == UI_DOUBLE_CLICK || code == UI_WHEEL_UP || code == UI_WHEEL_DOWN;
}

static void take_key(struct app *app, const struct key *key) {
    if (key->code == UI_FOCUS_IN || key->code == UI_FOCUS_OUT) {
        app->host.focused = key->code == UI_FOCUS_IN;
        refresh_arm(app);
        attention_refresh(app);
        app->host.redraw(&app->host); /* what is in view is looked at from now on */
        return;
    }
    str_set(&app->toast, NULL);
    if (key->code == UI_CTRL('l')) {
        term_redraw();
    } else if (key->code == UI_CTRL('z')) {
        actions_do(&app->host, ACTION_SUSPEND);
    } else if (key->code == UI_ALT_A) {
        actions_do(&app->host, ACTION_ATTENTION);
    } else if (app->layer_count) {
        const struct open_view *layer = &app->layers[app->layer_count - 1];
        layer->view->key(layer->state, key);
    } else if (is_mouse(key->code)) {
        mouse(app, key);
    } else {
        actions_do(&app->host, keys_action(key));
    }
    refresh_row(app);
}

static void more_keys(void *data);

static void take_keys(struct app *app) {
    struct key key;
    int count = 0;
    while (!app->lent && !app->host.over && term_read(&key)) {
        take_key(app, &key);
        if (++count < KEYS_AT_ONCE)
            continue;
        /* curses may hold some that no descriptor tells of */
        if (!app->more)
            app->more = loop_timer(app->host.loop, 0, more_keys, app);
        break;
    }
    app->host.redraw(&app->host);
}

static void more_keys(void *data) {
    struct app *app = data;
    app->more = NULL;
    take_keys(app);
}

void input_ready(void *data, short events) {
    struct app *app = data;
    if (app->lent)
        return;
    if (events & (POLLHUP | POLLERR)) { /* the terminal has gone */
        app->signal = SIGHUP;
        app->host.quit(&app->host);
        return;
    }
    take_keys(app);
}
