/* The screen, from its first frame to its last; and what its views may ask of it. */
#include "ui/app.h"

#include "base/process.h"
#include "base/tty.h"
#include "health/examine.h"
#include "incus/server.h"
#include "remote/known.h"
#include "ui/actions.h"
#include "ui/attach.h"
#include "ui/attention.h"
#include "ui/first.h"
#include "ui/frame.h"
#include "ui/guards.h"
#include "ui/input.h"
#include "ui/keepers.h"
#include "ui/layers.h"
#include "ui/live.h"
#include "ui/manage.h"
#include "ui/refresh.h"
#include "ui/view/launch.h"
#include "ui/view/views.h"
#include "workspace/name.h"

#include <signal.h>

/* After the start: nobody waits for it, and the list comes first. */
#define CHECKUP_MS 2000

static void draw_now(void *data) {
    struct app *app = data;
    app->frame = NULL;
    if (!app->lent && !app->host.over)
        frame_draw(app);
}

static void redraw(struct host *host) {
    struct app *app = app_of(host);
    if (app->frame && app->frame_late) {
        timer_stop(app->frame);
        app->frame = NULL;
    }
    app->frame_late = false;
    if (!app->frame)
        app->frame = loop_timer(host->loop, 0, draw_now, app);
}

static void say(struct host *host, enum style style, const char *format, ...) {
    struct app *app = app_of(host);
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
    redraw(host);
}

static void show_error(struct host *host, const struct error *err) {
    struct app *app = app_of(host);
    log_error(&app->log, err);
    str_set(&app->toast, err->message);
    app->toast_style = STYLE_BAD;
    redraw(host);
}

static void show_log(struct host *host) {
    struct app *app = app_of(host);
    actions_show_tab(app, TAB_LOG);
    app->tabs[TAB_LOG].view->forget(app->tabs[TAB_LOG].state);
}

static bool lend(struct host *host) {
    struct app *app = app_of(host);
    if (host->over || app->lent)
        return false;
    app->lent = true;
    live_begin_frame(app); /* nothing is in view any more */
    live_end_frame(app);
    watch_events(app->input, 0);
    term_lend();
    refresh_arm(app);
    return true;
}

static void take(struct host *host) {
    struct app *app = app_of(host);
    if (host->over)
        return; /* it has been given back for good */
    term_take();
    app->lent = false;
    watch_events(app->input, POLLIN);
    refresh_arm(app);
    redraw(host);
}

static void launch(struct host *host, struct launch_request *take_request, struct settings *take_settings,
                   bool shell) {
    if (!host->launching) {
        layers_open(host, &view_launch, &(struct launch_order){take_request, take_settings, shell});
        return;
    }
    say(host, STYLE_WARNING, "a launch is under way already");
    request_done(take_request);
    settings_done(take_settings);
    free(take_request);
    free(take_settings);
}

static void quit(struct host *host) {
    host->over = true;
}

static void store_changed(void *data) {
    struct daemon *daemon = data;
    struct app *app = daemon->owner;
    list_refresh(&app->list);
    refresh_row(app);
    manage_orphans(&app->host);
    keepers_refresh(app);
    if (daemon == app->host.daemons.items[0]) {
        guards_refresh(app);
        first_refresh(app);
    }
    live_refresh(app, daemon);
    redraw(&app->host);
}

static void images(void *data) {
    const struct daemon *daemon = data;
    struct app *app = daemon->owner;
    if (daemon == app->host.daemons.items[0])
        first_images_changed(app);
}

static void executed(void *data, const char *name) {
    live_executed(data, name);
}

/* Times that are shown grow; nothing else happens by itself. */
static void minute_over(void *data) {
    struct app *app = data;
    app->minute = loop_timer(app->host.loop, 60000, minute_over, app);
    for (size_t i = 0; i < app->list.count; i++)
        if (str_equal(app->list.order[i]->session.status, "Running")) {
            redraw(&app->host);
            return;
        }
}

static void caught(void *data, int signal) {
    struct app *app = data;
    if (app->stream) {
        stream_signal(app->stream, signal);
    } else if (signal == SIGWINCH) {
        term_resize();
        redraw(&app->host);
    }
    if (signal == SIGWINCH)
        return;
    app->signal = signal;
    quit(&app->host);
}

/* Once, when the screen is there: what is not well is in the header from then on. */
static void check_health(void *data) {
    struct app *app = data;
    struct host *host = &app->host;
    _cleanup_(health_done) struct health health = {0};
    _cleanup_(error_done) struct error ignored = {0};
    const struct health_subject subject = {
        .client = host->client, .settings = host->settings, .prefix = host->prefix};
    loop_interruptible(host->loop, true);
    if (!health_examine(&subject, &health, &ignored))
        return;
    host->health = health_worst(&health);
    host->redraw(host);
}

static void checkup_due(void *data) {
    struct app *app = data;
    app->checkup = NULL;
    if (app->host.store->link == LINK_UP) /* else the header says so already */
        task_start(app->host.loop, check_health, app);
}

/* Waits for the tasks that are left: what they have created is undone, what the daemon does goes on. */
static void end_tasks(struct app *app) {
    _cleanup_(error_done) struct error ignored = {0};
    int64_t end = loop_now() + 15000;
    layers_close_all(app);
    loop_cancel_tasks(app->host.loop);
    while (loop_has_tasks(app->host.loop) && loop_now() < end)
        if (!loop_pause(app->host.loop, 10, &ignored))
            return;
}

static void open_views(struct app *app) {
    static const struct view *const views[TABS] = {
        [TAB_MAPPING] = &view_mapping,     [TAB_LIVE] = &view_live,
        [TAB_OVERVIEW] = &view_overview,   [TAB_LOG] = &view_log,
        [TAB_PROCESSES] = &view_processes, [TAB_CHANGES] = &view_changes,
        [TAB_SNAPSHOTS] = &view_snapshots};
    app->sessions = (struct open_view){&view_sessions, view_sessions.enter(&app->host, NULL)};
    app->wall = (struct open_view){&view_wall, view_wall.enter(&app->host, app)};
    for (int i = 0; i < TABS; i++)
        app->tabs[i] = (struct open_view){views[i], views[i]->enter(&app->host, NULL)};
}

static void close_views(struct app *app) {
    app->sessions.view->leave(app->sessions.state);
    app->wall.view->leave(app->wall.state);
    for (int i = 0; i < TABS; i++)
        app->tabs[i].view->leave(app->tabs[i].state);
}

static void stop_timers(struct app *app) {
    struct timer **const timers[] = {&app->frame,  &app->minute, &app->ticker,
                                     &app->settle, &app->more,   &app->checkup};
    for (size_t i = 0; i < array_length(timers); i++) {
        timer_stop(*timers[i]);
        *timers[i] = NULL;
    }
}

static void done(struct app *app) {
    stop_timers(app);
    watch_stop(app->input);
    end_tasks(app);
    keepers_stop(app);
    guards_stop(app);
    attention_stop(app);
    stop_timers(app); /* what a task has asked for at its end */
    close_views(app);
    live_stop(app);
    mapping_done(&app->mapping);
    list_done(&app->list);
    daemons_done(&app->host.daemons);
    log_done(&app->log);
    error_done(&app->host.no_image);
    free(app->host.shown);
    free(app->fetched);
    free(app->shown_as);
    free(app->toast);
    loop_free(app->host.loop);
}

static void add_daemon(struct app *app, const struct endpoint *endpoint, const char *project, bool first) {
    struct host *host = &app->host;
    struct incus *client = incus_new(host->loop, endpoint, project);
    struct daemon *daemon =
        daemons_add(&host->daemons, first ? NULL : endpoint->remote, client, host->prefix);
    daemon->owner = app;
    live_start(app, daemon);
}

/* The remotes of the settings, beside the daemon of this machine; one that cannot be used is said to be so.
 */
static void add_remotes(struct app *app) {
    const struct settings *settings = app->host.settings;
    for (size_t i = 0; i < settings->machines.count; i++) {
        const struct machine *machine = &settings->machines.items[i];
        _cleanup_(remote_done) struct remote remote = {0};
        _cleanup_(error_done) struct error err = {0};
        if (machine->kind != MACHINE_REMOTE)
            continue;
        if (remote_find(settings, machine->name, &remote, &err))
            add_daemon(app, &remote.endpoint, machine_text(machine, MACHINE_PROJECT), false);
        else
            log_error(&app->log, &err);
    }
}

static bool begin(struct app *app, struct error *err) {
    const struct ui_options *options = app->options;
    struct host *host = &app->host;
    process_more_descriptors();
    host->prefix = name_prefix(err);
    if (!host->prefix)
        return false;
    host->loop = loop_new(err);
    if (!host->loop)
        return false;
    add_daemon(app, options->endpoint, settings_text(host->settings, SETTING_PROJECT), true);
    host->client = host->daemons.items[0]->client;
    host->store = &host->daemons.items[0]->store;
    if (!options->endpoint->remote)
        add_remotes(app);
    list_init(&app->list, &host->daemons);
    open_views(app);
    return term_open(settings_text(host->settings, SETTING_THEME), options->no_color, err) &&
           loop_signals(host->loop, caught, app, err);
}

bool ui_run(const struct ui_options *options, int *signal, struct error *err) {
    static const struct link_handler link_handler = {store_changed, executed, images};
    struct app *app = mem_new(sizeof *app);
    app->options = options;
    app->host = (struct host){.settings = options->settings,
                              .list = &app->list,
                              .log = &app->log,
                              .mapping = &app->mapping,
                              .focused = true,
                              .complete = options->complete,
                              .redraw = redraw,
                              .say = say,
                              .error = show_error,
                              .open = layers_open,
                              .close = layers_close,
                              .show_log = show_log,
                              .act = actions_do,
                              .act_on = actions_do_on,
                              .command = actions_command,
                              .ask = layers_ask,
                              .lend = lend,
                              .take = take,
                              .attach = attach_inside,
                              .launch = launch,
                              .quit = quit};
    bool good = begin(app, err);
    if (good) {
        frame_draw(app); /* before the daemon is asked */
        for (size_t i = 0; i < app->host.daemons.count; i++) {
            struct daemon *daemon = app->host.daemons.items[i];
            daemon->link = link_open(daemon->client, &daemon->store, &link_handler, daemon);
        }
        app->input = loop_watch(app->host.loop, STDIN_FILENO, POLLIN, input_ready, app);
        app->minute = loop_timer(app->host.loop, 60000, minute_over, app);
        app->checkup = loop_timer(app->host.loop, CHECKUP_MS, checkup_due, app);
        good = loop_run(app->host.loop, &app->host.over, err);
    }
    term_close();
    *signal = app->signal;
    if (app->host.loop)
        done(app);
    free(app);
    return good;
}
