/*
 * The snapshots of a session on a time line: as a tab, to be looked at, and as a layer, where they are
 * taken, gone back to, branched from and deleted.
 */
#include "base/time.h"
#include "incus/instance.h"
#include "session/restore.h"
#include "session/snapshot.h"
#include "ui/view/cursor.h"
#include "ui/view/host.h"

#include <time.h>

struct timeline {
    struct snapshots list;
    struct error err; /* why there is none */
    bool loaded;
};

static void timeline_done(struct timeline *timeline) {
    snapshots_done(&timeline->list);
    error_done(&timeline->err);
    timeline->loaded = false;
}

static void timeline_load(struct timeline *timeline, const struct host *host, const char *name) {
    struct timeline fresh = {.loaded = true};
    if (!snapshot_list(host_client(host, name), daemons_name(name), &fresh.list, &fresh.err))
        snapshots_done(&fresh.list);
    timeline_done(timeline);
    *timeline = fresh;
}

/* "today 13:05", "Wed 25 Nov 09:10" */
static void say_when(int64_t seconds, char *text, size_t room) {
    time_t moment = (time_t)seconds, now = (time_t)(time_now_ms() / 1000);
    struct tm then, today;
    bool same = localtime_r(&moment, &then)->tm_yday == localtime_r(&now, &today)->tm_yday &&
                then.tm_year == today.tm_year;
    strftime(text, room, same ? "today %H:%M" : "%a %d %b %H:%M", &then);
}

/* "3 h later": between one and the next. */
static char *say_between(int64_t seconds) {
    long long amount = (long long)seconds;
    return amount < 60      ? str_copy("")
           : amount < 3600  ? str_printf("%lld min later", amount / 60)
           : amount < 86400 ? str_printf("%lld h later", amount / 3600)
                            : str_printf("%lld days later", amount / 86400);
}

static void draw_one(const struct timeline *timeline, size_t i, struct area area, int row, bool selected) {
    const struct snapshot *snapshot = &timeline->list.items[i];
    bool automatic = snapshot_is_automatic(snapshot->name);
    char when[32];
    say_when(snapshot->created, when, sizeof when);
    _cleanup_free_ char *between =
        i ? say_between(snapshot->created - timeline->list.items[i - 1].created) : str_copy("");
    draw_text(area, row, 1, automatic ? STYLE_DIM : STYLE_GOOD, theme_is_utf8() ? "●" : "*");
    int column = draw_text(area, row, 3,
                           selected    ? STYLE_SELECTED
                           : automatic ? STYLE_DIM
                                       : STYLE_PLAIN,
                           snapshot->name);
    column = draw_format(area, row, column + 2 < 34 ? 34 : column + 2, STYLE_DIM, "%s", when);
    draw_format(area, row, column + 2, STYLE_DIM, "%s%s", between,
                snapshot->stateful ? "  with memory" : "");
}

/* From `first` on; the one at `cursor` is shown as chosen (the list's count: none is). */
static void draw_timeline(const struct timeline *timeline, struct area area, size_t first, size_t cursor) {
    int row = 0;
    if (timeline->err.class) {
        draw_wrapped(area, 0, 1, STYLE_WARNING, timeline->err.message);
        return;
    }
    for (size_t i = first; i < timeline->list.count && row < area.rows; i++)
        draw_one(timeline, i, area, row++, i == cursor);
    if (timeline->loaded && !timeline->list.count)
        row = draw_wrapped(area, 0, 1, STYLE_DIM, "no snapshot yet");
    if (timeline->loaded && row + 1 < area.rows)
        draw_wrapped(area, row + 1, 1, STYLE_DIM, RESTORE_WORKSPACE);
}

/* The tab. */

struct tab {
    struct host *host;
    struct timeline timeline;
    size_t scroll;
};

static void *tab_enter(struct host *host, const void *argument) {
    struct tab *tab = mem_new(sizeof *tab);
    (void)argument;
    tab->host = host;
    return tab;
}

static void tab_forget(void *state) {
    struct tab *tab = state;
    timeline_done(&tab->timeline);
    tab->scroll = 0;
}

static void tab_leave(void *state) {
    tab_forget(state);
    free(state);
}

static void tab_draw(void *state, struct area area) {
    struct tab *tab = state;
    size_t count = tab->timeline.list.count, rows = (size_t)area.rows;
    struct area hint = {area.row + area.rows - 1, area.column, 1, area.columns};
    if (tab->scroll + rows > count + 2)
        tab->scroll = count + 2 > rows ? count + 2 - rows : 0;
    draw_timeline(&tab->timeline, area, tab->scroll, count);
    if (tab->timeline.loaded && count + 3 < rows)
        draw_text(hint, 0, 1, STYLE_DIM, "z takes one, goes back to one, branches");
}

static void tab_scroll(void *state, int lines) {
    struct tab *tab = state;
    tab->scroll = lines < 0 && (size_t)-lines > tab->scroll ? 0 : (size_t)((long)tab->scroll + lines);
}

static void tab_fetch(void *state) {
    struct tab *tab = state;
    _cleanup_free_ char *name = str_copy(tab->host->shown);
    struct timeline found = {0};
    timeline_load(&found, tab->host, name);
    if (!str_equal(name, tab->host->shown)) {
        timeline_done(&found);
        return;
    }
    timeline_done(&tab->timeline);
    tab->timeline = found;
}

const struct view view_snapshots = {.title = "Snapshots",
                                    .enter = tab_enter,
                                    .leave = tab_leave,
                                    .draw = tab_draw,
                                    .scroll = tab_scroll,
                                    .forget = tab_forget,
                                    .fetch = tab_fetch};

/* The layer. */

enum work { WORK_LOAD, WORK_TAKE, WORK_RESTORE, WORK_DELETE };

struct layer {
    struct host *host;
    char *name; /* the session's key */
    struct timeline timeline;
    size_t cursor, first;
    enum work work; /* of the task */
    char *chosen;   /* what it is about */
    struct task *task;
    bool closed; /* while it was under way */
};

static void layer_free(struct layer *layer) {
    timeline_done(&layer->timeline);
    free(layer->name);
    free(layer->chosen);
    free(layer);
}

static struct incus *client_of(const struct layer *layer) {
    return host_client(layer->host, layer->name);
}

static void progress(void *data, const char *words) {
    struct layer *layer = data;
    layer->host->say(layer->host, STYLE_PLAIN, "%s", words);
}

static bool take(struct layer *layer, struct error *err) {
    _cleanup_free_ char *name = snapshot_new_name(time_now_ms());
    if (!snapshot_take(client_of(layer), daemons_name(layer->name), name, false, progress, layer, err))
        return false;
    layer->host->say(layer->host, STYLE_GOOD, "snapshot %s of %s is taken", name, layer->name);
    return true;
}

static bool restore(struct layer *layer, struct error *err) {
    struct host *host = layer->host;
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(strings_done) struct strings lost = {0};
    _cleanup_free_ char *saved = NULL,
                        *question = str_printf("Restore %s from %s?", layer->name, layer->chosen);
    const struct snapshot *snapshot = snapshots_find(&layer->timeline.list, layer->chosen);
    if (!snapshot || !instance_get(client_of(layer), daemons_name(layer->name), &instance, err))
        return !snapshot;
    restore_losses(&instance, snapshot, host->settings, &lost);
    if (!host->ask(host, question, &lost))
        return true;
    host->say(host, STYLE_PLAIN, "restoring %s", layer->name);
    if (!restore_session(client_of(layer), daemons_name(layer->name), layer->chosen, host->settings,
                         progress, layer, &saved, err))
        return false;
    host->say(host, STYLE_GOOD, "%s is as it was in %s%s%s", layer->name, layer->chosen,
              saved ? "; what was there before: " : "", saved ? saved : "");
    return true;
}

static bool delete_it(const struct layer *layer, struct error *err) {
    struct host *host = layer->host;
    _cleanup_free_ char *question = str_printf("Delete snapshot %s of %s?", layer->chosen, layer->name);
    return !host->ask(host, question, NULL) ||
           snapshot_delete(client_of(layer), daemons_name(layer->name), layer->chosen, err);
}

static void work_task(void *data) {
    struct layer *layer = data;
    struct host *host = layer->host;
    _cleanup_(error_done) struct error err = {0};
    bool good = layer->work == WORK_TAKE      ? take(layer, &err)
                : layer->work == WORK_RESTORE ? restore(layer, &err)
                : layer->work == WORK_DELETE  ? delete_it(layer, &err)
                                              : true;
    if (!good)
        host->error(host, &err);
    if (!layer->closed)
        timeline_load(&layer->timeline, host, layer->name);
    layer->task = NULL;
    if (layer->closed) {
        layer_free(layer);
        return;
    }
    if (layer->cursor >= layer->timeline.list.count || layer->work == WORK_TAKE || layer->work == WORK_LOAD)
        layer->cursor = layer->timeline.list.count ? layer->timeline.list.count - 1 : 0;
    host->redraw(host);
}

static void begin(struct layer *layer, enum work work) {
    const struct snapshots *list = &layer->timeline.list;
    bool needs = work == WORK_RESTORE || work == WORK_DELETE;
    if (layer->task || (needs && layer->cursor >= list->count))
        return;
    layer->work = work;
    str_set(&layer->chosen, needs ? list->items[layer->cursor].name : NULL);
    layer->task = task_start(layer->host->loop, work_task, layer);
}

/* `argument` is the session's key. */
static void *layer_enter(struct host *host, const void *argument) {
    struct layer *layer = mem_new(sizeof *layer);
    *layer = (struct layer){.host = host, .name = str_copy(argument)};
    begin(layer, WORK_LOAD);
    return layer;
}

static void layer_leave(void *state) {
    struct layer *layer = state;
    layer->closed = true;
    if (!layer->task)
        layer_free(layer);
}

static void layer_draw(void *state, struct area area) {
    struct layer *layer = state;
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    size_t rows = inside.rows > 3 ? (size_t)inside.rows - 2 : 1;
    _cleanup_free_ char *name = draw_shorten(layer->name, box.columns - 20);
    draw_format(box, 0, 2, STYLE_STRONG, "Snapshots of %s", name);
    if (layer->cursor < layer->first)
        layer->first = layer->cursor;
    if (layer->cursor >= layer->first + rows)
        layer->first = layer->cursor - rows + 1;
    draw_timeline(&layer->timeline, inside, layer->first, layer->cursor);
}

/* A new session in the next slot of the same workspace, with the snapshot's files. */
static void branch(struct layer *layer) {
    struct host *host = layer->host;
    const struct store_row *row = daemons_find(&host->daemons, layer->name);
    _cleanup_(error_done) struct error err = {0};
    if (!row || layer->cursor >= layer->timeline.list.count)
        return;
    struct settings *settings = mem_new(sizeof *settings);
    struct launch_request *request = mem_new(sizeof *request);
    settings_copy(settings, host->settings);
    *request = (struct launch_request){.workspace = daemons_workspace(&host->daemons, row),
                                       .session_id = record_new_id(),
                                       .branch = str_copy(daemons_name(layer->name)),
                                       .branch_snapshot =
                                           str_copy(layer->timeline.list.items[layer->cursor].name)};
    if (settings_flag(settings, SETTING_PERSISTENT, "the session",
                      row->session.persistent ? "true" : "false", &err) &&
        (!*row->session.image ||
         settings_flag(settings, SETTING_IMAGE, "the session", row->session.image, &err))) {
        host->close(host, layer);
        host->launch(host, request, settings, true);
        return;
    }
    host->error(host, &err);
    request_done(request);
    free(request);
    settings_done(settings);
    free(settings);
}

static void layer_key(void *state, const struct key *key) {
    struct layer *layer = state;
    enum action action = keys_action(key);
    if (key->pasted)
        return;
    if (cursor_move(&layer->cursor, layer->timeline.list.count, action))
        return;
    if (key->code == 'c')
        begin(layer, WORK_TAKE);
    else if (key->code == 'r')
        begin(layer, WORK_RESTORE);
    else if (key->code == 'd')
        begin(layer, WORK_DELETE);
    else if (key->code == 'b')
        branch(layer);
    else
        layer->host->close(layer->host, layer);
}

const struct view view_snapshot_keys = {
    .footer = "c take one   r restore   b branch into a new session   d delete   esc close",
    .enter = layer_enter,
    .leave = layer_leave,
    .draw = layer_draw,
    .key = layer_key};
