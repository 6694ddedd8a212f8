#include "ui/frame.h"

#include "idmap/facts.h"
#include "ui/attention.h"
#include "ui/guards.h"
#include "ui/live.h"

#include <curses.h>
#include <pwd.h>

#define LEAST_COLUMNS 40
#define LEAST_ROWS    10
#define SIDE_BY_SIDE  100
#define STACKED       60
#define WALL_FROM     30

static void add_spot(struct app *app, int row, int column, int columns, enum action action) {
    if (app->spot_count < SPOTS_MAX)
        app->spots[app->spot_count++] = (struct spot){row, column, columns, action};
}

/* "dev 1001:1001 → code 1000:1000" */
static char *identities(const struct app *app) {
    enum idmap_source source;
    struct idmap_ids host = facts_host_ids((struct idmap_ids){getuid(), getgid()}, getenv("SUDO_UID"),
                                           getenv("SUDO_GID"), (struct idmap_ids){0, 0}, &source);
    const struct passwd *entry = getpwuid(host.uid);
    const char *arrow = theme_is_utf8() ? "→" : "->";
    _cleanup_free_ char *code =
        str_printf("%s %s %u:%u", arrow, settings_text(app->host.settings, SETTING_CODE_USER),
                   settings_id(app->host.settings, SETTING_CODE_UID),
                   settings_id(app->host.settings, SETTING_CODE_GID));
    if (host.uid == 0)
        return str_printf("root: each workspace's owner %s", code);
    return str_printf("%s %u:%u %s", entry ? entry->pw_name : "you", host.uid, host.gid, code);
}

static const enum style link_styles[] = {STYLE_WARNING, STYLE_GOOD, STYLE_BAD};

static const char *link_glyph(enum link_state link) {
    return theme_glyph(link == LINK_UP ? GLYPH_RUNNING : link == LINK_AWAY ? GLYPH_NO : GLYPH_CHANGING);
}

/* The first daemon, and each other with its state. Returns the column behind them. */
static int draw_link(const struct app *app, struct area area, int column) {
    static const char *const words[] = {"connecting", "", "away, trying again"};
    const struct daemons *daemons = &app->host.daemons;
    const struct store *store = app->host.store;
    enum link_state link = store->link;
    const char *remote = incus_remote(app->host.client), *project = incus_project(app->host.client);
    column = draw_format(area, 0, column, STYLE_PLAIN, "%s%sincus %s ", remote ? remote : "",
                         remote ? " " : "", store->server.version ? store->server.version : "");
    column = draw_text(area, 0, column, link_styles[link], link_glyph(link));
    column =
        draw_format(area, 0, column, link_styles[link], " %s", link == LINK_UP ? project : words[link]);
    if (link == LINK_UP && store->server.member)
        column = draw_format(area, 0, column, link_styles[link], "@%s", store->server.member);
    for (size_t i = 0; i < store->members.count && column < area.columns - 30; i++) {
        const struct member *member = &store->members.items[i];
        if (!str_equal(member->status, "Online"))
            column =
                draw_format(area, 0, column + 2, STYLE_BAD, "%s %s", member->name, theme_glyph(GLYPH_NO));
    }
    for (size_t i = 1; i < daemons->count && column < area.columns - 30; i++) {
        link = daemons->items[i]->store.link;
        column = draw_format(area, 0, column + 2, STYLE_PLAIN, "%s ", daemons->items[i]->name);
        column = draw_text(area, 0, column, link_styles[link], link_glyph(link));
    }
    return column;
}

static void draw_header(struct app *app, struct area area) {
    size_t sessions = 0, running = 0;
    const struct store_row *one;
    for (size_t i = 0; (one = daemons_row(&app->host.daemons, i)); i++) {
        const struct session *row = &one->session;
        sessions += !row->foreign;
        running += !row->foreign && str_equal(row->status, "Running");
    }
    draw_bar(area, 0, STYLE_PLAIN);
    draw_text(area, 0, 1, STYLE_TITLE, "berth");
    size_t changed = guards_changed(app);
    int column = draw_link(app, area, 9) + 3;
    if (app->host.health)
        column = draw_format(area, 0, column, app->host.health == HEALTH_FAILED ? STYLE_BAD : STYLE_WARNING,
                             "%s %s (H)", theme_glyph(GLYPH_WARNING), health_word(app->host.health)) +
                 2;
    size_t waiting = attention_count(app);
    if (waiting) {
        int end = draw_format(area, 0, column, STYLE_WARNING, "%s %zu want%s you (A)",
                              theme_glyph(GLYPH_WARNING), waiting, waiting == 1 ? "s" : "");
        add_spot(app, area.row, area.column + column, end - column, ACTION_ATTENTION);
        column = end + 2;
    }
    if (changed)
        column = draw_format(area, 0, column, STYLE_BAD, "%s %zu guarded changed (c)",
                             theme_glyph(GLYPH_NO), changed) +
                 2;
    _cleanup_free_ char *who = identities(app),
                        *counts = str_printf("%zu session%s", sessions, sessions == 1 ? "" : "s"),
                        *more = str_printf("%s  %zu running", counts, running);
    int width = draw_width(who), room = area.columns - column - 1;
    bool known = app->host.store->complete || daemons_row(&app->host.daemons, 0);
    const char *right = !known ? "" : width + 3 + draw_width(more) <= room ? more : counts;
    int from = area.columns - draw_width(right) - 1;
    if (width + 3 + draw_width(right) <= room)
        draw_text(area, 0, column + (from - column - width) / 2, STYLE_PLAIN, who);
    if (from >= column)
        draw_text(area, 0, from, STYLE_PLAIN, right);
}

/* The columns of the tabs from `first` to `last` with so much between them. */
static int width_of_tabs(const struct app *app, int first, int last, int gap) {
    int width = 4;
    for (int i = first; i <= last; i++)
        width += draw_width(app->tabs[i].view->title) + (i > first ? gap : 0);
    return width;
}

/* The tabs, in the upper edge of their pane: close together, and from a later one on, where they must. */
static void draw_tabs(struct app *app, struct area area) {
    int column = 2, first = 0, gap = width_of_tabs(app, 0, TABS - 1, 2) <= area.columns ? 2 : 1;
    while (first < (int)app->tab && width_of_tabs(app, first, (int)app->tab, gap) > area.columns)
        first++;
    for (int i = first; i < TABS; i++) {
        const char *title = app->tabs[i].view->title;
        bool unread = i == TAB_LOG && app->log.unread > 0;
        if (column + draw_width(title) + 2 > area.columns)
            break;
        add_spot(app, area.row, area.column + column, draw_width(title),
                 (enum action)(ACTION_TAB_MAPPING + i));
        column = draw_text(area, 0, column,
                           i == (int)app->tab ? STYLE_SELECTED
                           : unread           ? STYLE_BAD
                                              : STYLE_PLAIN,
                           title);
        column = draw_text(area, 0, column, STYLE_BAD, unread ? "!" : "");
        column += gap;
    }
}

static void draw_pane(struct app *app, struct area area) {
    struct area inside = draw_box(area);
    const struct open_view *tab = &app->tabs[app->tab];
    app->pane_area = inside;
    tab->view->draw(tab->state, inside);
    draw_tabs(app, area);
}

/* The part of the list's room that its rows do not need, for the wall; no rows: it is not wanted, or
 * little. */
static struct area room_for_wall(const struct app *app, struct area *list) {
    int needed = (int)app->list.count * 2 + 4; /* a second line for each */
    bool wanted = str_equal(settings_text(app->host.settings, SETTING_WALL), "auto");
    if (!wanted || !app->list.count || list->rows < WALL_FROM || list->rows - needed < list->rows / 2)
        return (struct area){0};
    struct area wall = *list;
    list->rows = needed < LEAST_ROWS ? LEAST_ROWS : needed;
    wall.row += list->rows;
    wall.rows -= list->rows;
    return wall;
}

static void draw_panes(struct app *app, struct area area) {
    struct area list = area, pane = {0};
    if (area.columns >= SIDE_BY_SIDE) {
        list.columns = area.columns / 2;
        pane = (struct area){area.row, area.column + list.columns, area.rows, area.columns - list.columns};
    } else if (area.columns >= STACKED) {
        list.rows = area.rows * 9 / 20; /* the pane has more to say */
        pane = (struct area){area.row + list.rows, area.column, area.rows - list.rows, area.columns};
    }
    struct area wall = room_for_wall(app, &list);
    app->sessions.view->draw(app->sessions.state, list);
    if (wall.rows > 0)
        app->wall.view->draw(app->wall.state, wall);
    app->pane_area = (struct area){0};
    if (pane.rows > 0)
        draw_pane(app, pane);
}

static void draw_keys(struct app *app, struct area area, int row) {
    int column = 1;
    for (const struct key_row *key = key_table; key->action != ACTION_NONE; key++) {
        if (!key->footer)
            continue;
        int begin = column, width = draw_width(key->label) + 1 + draw_width(key->footer);
        if (column + width > area.columns)
            break;
        column = draw_text(area, row, column, STYLE_KEY, key->label);
        column = draw_text(area, row, column + 1, STYLE_PLAIN, key->footer);
        add_spot(app, area.row + row, area.column + begin, width, key->action);
        column += 3;
    }
}

static void draw_footer(struct app *app, struct area area) {
    int row = area.rows - 1;
    const struct view *layer = app->layer_count ? app->layers[app->layer_count - 1].view : NULL;
    draw_bar(area, row, STYLE_PLAIN);
    if (layer && !layer->footer)
        return; /* it is typed into there */
    if (app->toast) {
        _cleanup_free_ char *line = draw_shorten(app->toast, area.columns - 2);
        draw_text(area, row, 1, app->toast_style, line);
    } else if (layer) {
        draw_text(area, row, 1, STYLE_PLAIN, layer->footer);
    } else if (app->list.marks.names.count) {
        draw_format(area, row, 1, STYLE_STRONG,
                    "%zu marked   s stop  S start  R restart  d delete  p persist  esc unmark",
                    app->list.marks.names.count);
    } else {
        draw_keys(app, area, row);
    }
}

static void draw_too_small(struct area area) {
    draw_text(area, 0, 0, STYLE_PLAIN, "berth needs 40x10");
    draw_format(area, 1, 0, STYLE_PLAIN, "this is %dx%d", area.columns, area.rows);
}

void frame_draw(struct app *app) {
    struct area whole = {0, 0, LINES, COLS};
    app->spot_count = 0;
    live_begin_frame(app);
    erase();
    if (whole.columns < LEAST_COLUMNS || whole.rows < LEAST_ROWS) {
        draw_too_small(whole);
    } else {
        draw_header(app, whole);
        draw_panes(app, (struct area){1, 0, whole.rows - 2, whole.columns});
        draw_footer(app, whole);
        for (size_t i = 0; i < app->layer_count; i++)
            app->layers[i].view->draw(app->layers[i].state, whole);
    }
    int64_t begin = loop_now();
    refresh();
    app->frame_ms = (long)(loop_now() - begin);
    live_end_frame(app);
}
