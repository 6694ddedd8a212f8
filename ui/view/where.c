#include "ui/view/where.h"

/* One question. */
struct where {
    struct host *host;
    struct launch_request request;
    struct settings settings;
    struct where_line *line; /* NULL: nobody waits for it any more */
};

static void answer(const struct where *where, const struct place *place, const struct error *err) {
    struct where_line *line = where->line;
    line->asking = NULL;
    line->refused = !place;
    str_set(&line->words, !place ? err->message : place->why ? place->why : place->name);
    where->host->redraw(where->host);
}

static void task(void *data) {
    struct where *where = data;
    _cleanup_(place_done) struct place place = {0};
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(error_done) struct error err = {0};
    struct incus *client = daemons_for(&where->host->daemons, where->request.workspace)->client;
    loop_interruptible(where->host->loop, true);
    bool good = where->line && place_find(client, &where->request, &workspace, &place, &err);
    if (where->line) /* the form may have been left meanwhile */
        answer(where, good ? &place : NULL, &err);
    request_done(&where->request);
    settings_done(&where->settings);
    free(where);
}

static void ask(struct where_line *line, struct host *host, const char *workspace, const char *target) {
    struct where *where = line->asking = mem_new(sizeof *where);
    _cleanup_(error_done) struct error err = {0};
    *where = (struct where){.host = host, .line = line};
    settings_copy(&where->settings, host->settings);
    settings_clear(&where->settings, SETTING_TARGET, "target");
    where->request.workspace = str_copy(*workspace ? workspace : ".");
    where->request.settings = &where->settings;
    if (*target && !settings_flag(&where->settings, SETTING_TARGET, "target", target, &err))
        log_error(host->log, &err);
    task_start(host->loop, task, where);
}

static void forget(struct where_line *line) {
    if (line->asking)
        line->asking->line = NULL;
    line->asking = NULL;
    str_set(&line->words, NULL);
}

void where_done(struct where_line *line) {
    forget(line);
    free(line->asked);
}

void where_update(struct where_line *line, struct host *host, const char *workspace, const char *target) {
    _cleanup_free_ char *first = NULL, *second = NULL, *asked = str_printf("%s\n%s", target, workspace);
    const char *path;
    if (str_equal(asked, line->asked))
        return;
    str_set(&line->asked, asked);
    forget(line);
    if (*target || workspace_is_qualified(workspace, &first, &second, &path))
        ask(line, host, workspace, target);
}

struct area where_draw(const struct where_line *line, struct area area) {
    if (!line->words || area.rows <= 4)
        return area;
    _cleanup_free_ char *text = str_printf("%s%s", line->refused ? "" : "on ", line->words);
    int used = draw_wrapped(area, 0, 1, line->refused ? STYLE_BAD : STYLE_STRONG, text);
    area.row += used;
    area.rows -= used;
    return area;
}
