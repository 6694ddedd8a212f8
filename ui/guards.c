#include "ui/guards.h"

#include <sys/inotify.h>

/* What changes is looked at so much later, once for all that changes meanwhile. */
#define LOOK_MS  150
#define EVENT_MS 700

#define EVENTS                                                                                             \
    (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_ATTRIB | IN_ONLYDIR |       \
     IN_DONT_FOLLOW)

struct guards {
    int fd;
    struct watch *watch;
    struct timer *due;
    size_t changed; /* at the last look, of all sessions */
};

static void watch_directories(const struct guards *guards) {
    _cleanup_(strings_done) struct strings directories = {0};
    protections_directories(&directories);
    for (size_t i = 0; i < directories.count; i++)
        (void)!inotify_add_watch(guards->fd, directories.items[i],
                                 EVENTS); /* what is gone is not watched */
}

static void say_changed(struct app *app, size_t changed, const char *where) {
    struct host *host = &app->host;
    if (changed > app->guards->changed)
        host->say(host, STYLE_BAD, "%zu guarded path%s changed while a session ran, in %s: c shows %s",
                  changed, changed == 1 ? "" : "s", where, changed == 1 ? "it" : "them");
    app->guards->changed = changed;
}

static void look(void *data) {
    struct app *app = data;
    struct store *store = app->host.store;
    _cleanup_free_ struct session **sessions = mem_new((store->count + 1) * sizeof(struct session *));
    app->guards->due = NULL;
    if (store->link != LINK_UP || !store->complete || incus_is_remote(app->host.client))
        return; /* who runs is not known */
    for (size_t i = 0; i < store->count; i++)
        sessions[i] = &store->rows[i]->session;
    watch_directories(app->guards); /* what changes during the look is looked at again */
    _cleanup_(strings_done) struct strings where = {0};
    size_t changed = protections_mark(app->host.client, app->host.prefix, sessions, store->count, &where);
    _cleanup_free_ char *list = strings_join(&where, ", ");
    say_changed(app, changed, list);
    if (app->mapping.workspace)
        mapping_look_at_guard(&app->mapping, app->host.settings);
    app->host.redraw(&app->host);
}

static void look_in(struct app *app, long milliseconds) {
    if (!app->guards->due)
        app->guards->due = loop_timer(app->host.loop, milliseconds, look, app);
}

static void ready(void *data, short events) {
    struct app *app = data;
    char bytes[4096];
    (void)events;
    while (read(app->guards->fd, bytes, sizeof bytes) > 0)
        ;
    look_in(app, EVENT_MS);
}

void guards_refresh(struct app *app) {
    if (!app->guards) {
        app->guards = mem_new(sizeof *app->guards);
        *app->guards = (struct guards){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
        if (app->guards->fd >= 0)
            app->guards->watch = loop_watch(app->host.loop, app->guards->fd, POLLIN, ready, app);
    }
    look_in(app, LOOK_MS);
}

size_t guards_changed(const struct app *app) {
    return app->guards ? app->guards->changed : 0;
}

void guards_stop(struct app *app) {
    if (!app->guards)
        return;
    timer_stop(app->guards->due);
    watch_stop(app->guards->watch);
    if (app->guards->fd >= 0)
        close(app->guards->fd);
    free(app->guards);
    app->guards = NULL;
}
