#include "ui/view/where.h"

/* One question. */
struct where {
    struct host *host;
    struct launch_request request;
    struct settings settings;
    struct where_line *line; /* NULL: nobody waits for it any more */
};

static void answer(const struct where *where, bool good, const struct error *err) {
    struct where_line *line = where->line;
    line->changes++;
    line->refused = !good;
    str_set(&line->words, !good ? err->message : line->place.why ? line->place.why : line->place.name);
    where->host->redraw(where->host);
}

/*
 * Where it is to be is shown before that machine's daemon is asked, which may hang. Whenever something is
 * waited for the form may be left.
 */
static void look(struct where *where) {
    struct incus *client = daemons_for(&where->host->daemons, where->request.workspace)->client;
    _cleanup_(place_done) struct place place = {0};
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(error_done) struct error err = {0}, unread = {0};
    struct server server = {0};
    bool good = place_find(client, &where->request, &workspace, &place, &err);
    if (!where->line)
        return;
    _cleanup_free_ char *member = str_copy(place.member);
    bool other = good && place.other;
    if (good) {
        where->line->client = client;
        where->line->place = place, place = (struct place){0};
        where->line->workspace = workspace, workspace = (struct workspace){0};
    }
    answer(where, good, &err);
    if (other && !server_get(client, member, &server, &unread))
        log_error(where->host->log, &unread);
    if (where->line && other) {
        where->line->server = server, server = (struct server){0};
        answer(where, good, &err);
    }
    server_done(&server);
}

static void task(void *data) {
    struct where *where = data;
    loop_interruptible(where->host->loop, true);
    if (where->line)
        look(where);
    if (where->line)
        where->line->asking = NULL;
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
    line->changes++;
    str_set(&line->words, NULL);
    place_done(&line->place);
    workspace_done(&line->workspace);
    server_done(&line->server);
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

bool where_mapping(const struct where_line *line, const struct settings *settings,
                   struct mapping *mapping) {
    if (!line->place.other)
        return false;
    struct facts_there there = prepare_there(line->client, settings, &line->place, &line->workspace);
    mapping_there(mapping, settings, &line->workspace, &there, line->server.version ? &line->server : NULL);
    return true;
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
