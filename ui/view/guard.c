/* The guard of a session's workspace in full: each path, what changed, and two keys that settle it. */
#include "session/protection.h"
#include "ui/view/host.h"

#include <string.h>

struct guard_view {
    struct host *host;
    char *workspace;
    struct strings lines;
    size_t changed; /* how many paths */
    size_t scroll;
    bool restoring;
    struct task *task; /* under way: it asks, and settles */
    bool closed;       /* while it was */
};

static void load(struct guard_view *view) {
    _cleanup_(protection_done) struct protection protection = {0};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(buffer_done) struct buffer text = {0};
    strings_done(&view->lines);
    if (!protection_load(view->workspace, view->host->settings, NULL, &protection, &err)) {
        strings_add(&view->lines, err.message);
        return;
    }
    view->changed = protection.changes.count;
    protection_text(&protection, &text);
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            strings_add(&view->lines, line);
}

/* `argument` is the workspace's path. */
static void *enter(struct host *host, const void *argument) {
    struct guard_view *view = mem_new(sizeof *view);
    *view = (struct guard_view){.host = host, .workspace = str_copy(argument)};
    load(view);
    return view;
}

static void view_free(struct guard_view *view) {
    strings_done(&view->lines);
    free(view->workspace);
    free(view);
}

static void leave(void *state) {
    struct guard_view *view = state;
    view->closed = true;
    if (!view->task)
        view_free(view);
}

static enum style style_of(const char *line) {
    static const char *const bad[] = {"Changed", "  changed ", "  appeared ", "  gone "};
    for (size_t i = 0; i < array_length(bad); i++)
        if (str_starts(line, bad[i]))
            return STYLE_BAD;
    return str_starts(line, "      ")      ? STYLE_WARNING
           : str_starts(line, "  watched") ? STYLE_DIM
           : str_starts(line, "  warning") ? STYLE_WARNING
                                           : STYLE_PLAIN;
}

static void draw(void *state, struct area area) {
    struct guard_view *view = state;
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    size_t rows = inside.rows > 0 ? (size_t)inside.rows : 0, count = view->lines.count,
           most = count > rows ? count - rows : 0;
    draw_text(box, 0, 2, STYLE_STRONG, "Guard");
    if (view->scroll > most)
        view->scroll = most;
    for (size_t i = 0; i < rows && view->scroll + i < count; i++) {
        const char *line = view->lines.items[view->scroll + i];
        draw_text(inside, (int)i, 1, style_of(line), line);
    }
}

static bool settle(const struct guard_view *view, struct error *err) {
    _cleanup_(protection_done) struct protection protection = {0};
    char aside[64];
    size_t restored = 0;
    struct host *host = view->host;
    if (!protection_load(view->workspace, host->settings, NULL, &protection, err))
        return false;
    if (!view->restoring)
        return protection_accept(&protection, err);
    bool good = protection_restore(&protection, aside, sizeof aside, &restored, err);
    if (restored)
        host->say(host, STYLE_GOOD, "put back: %zu; what was there lies in %s", restored, aside);
    return good;
}

static void ask_and_settle(void *data) {
    struct guard_view *view = data;
    struct host *host = view->host;
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *question = str_printf(
        view->restoring ? "put back %zu path%s as before the session?" : "accept %zu change%s as they are?",
        view->changed, view->changed == 1 ? "" : "s");
    if (host->ask(host, question, NULL) && !settle(view, &err))
        host->error(host, &err);
    view->task = NULL;
    if (view->closed) {
        view_free(view);
        return;
    }
    load(view);
    host->redraw(host);
}

static void key(void *state, const struct key *key) {
    struct guard_view *view = state;
    bool settles = !key->pasted && (key->code == 'a' || key->code == 'R');
    enum action action = keys_action(key);
    if (settles && view->changed && !view->task) {
        view->restoring = key->code == 'R';
        view->task = task_start(view->host->loop, ask_and_settle, view);
    } else if (action == ACTION_DOWN || action == ACTION_PANE_DOWN || action == ACTION_PAGE_DOWN) {
        view->scroll += action == ACTION_PAGE_DOWN ? 10 : 1;
    } else if (action == ACTION_UP || action == ACTION_PANE_UP || action == ACTION_PAGE_UP) {
        size_t step = action == ACTION_PAGE_UP ? 10 : 1;
        view->scroll -= view->scroll < step ? view->scroll : step;
    } else if (!settles) {
        view->host->close(view->host, view);
    }
}

const struct view view_guard = {.footer = "a accept what changed   R put it back   j k scroll   esc close",
                                .enter = enter,
                                .leave = leave,
                                .draw = draw,
                                .key = key};
