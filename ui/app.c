#include "ui/app.h"

#include "base/tty.h"
#include "incus/server.h"
#include "session/name.h"

#include <errno.h>
#include <signal.h>

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

bool app_lend(struct app *app) {
    if (app->over || app->lent)
        return false;
    app->lent = true;
    watch_events(app->input, 0);
    term_lend();
    app_arm(app);
    return true;
}

void app_take(struct app *app) {
    if (app->over)
        return; /* it has been given back for good */
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
    app_forget(app);
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
        app->input = loop_watch(app->loop, STDIN_FILENO, POLLIN, app_input, app);
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
