/* A session's terminal on the whole screen, with what was above it, and search. */
#include "ui/terminal/field.h"
#include "ui/view/live_pane.h"

struct zoom {
    struct host *host;
    struct live_pane pane;
    struct field search;
    bool searching; /* it is being typed */
    bool found;
};

/* The argument is the session's name. */
static void *enter(struct host *host, const void *argument) {
    struct zoom *zoom = mem_new(sizeof *zoom);
    zoom->host = host;
    zoom->found = true;
    live_pane_init(&zoom->pane, host);
    live_pane_of(&zoom->pane, argument);
    field_set(&zoom->search, "");
    return zoom;
}

static void leave(void *state) {
    struct zoom *zoom = state;
    live_pane_done(&zoom->pane);
    field_done(&zoom->search);
    free(zoom);
}

static void draw_title(const struct zoom *zoom, struct area area) {
    const struct store_row *row = daemons_find(&zoom->host->daemons, zoom->pane.name);
    draw_bar(area, 0, STYLE_TITLE);
    int column = draw_text(area, 0, 1, STYLE_TITLE, zoom->pane.name);
    if (!row) {
        draw_text(area, 0, column + 2, STYLE_WARNING, "it is gone");
        return;
    }
    _cleanup_free_ char *path = draw_path(row->session.workspace);
    column = draw_text(area, 0, column + 2, STYLE_PLAIN, path);
    draw_text(area, 0, column + 2, STYLE_STRONG, row->at ? row->at : "");
}

static void draw(void *state, struct area area) {
    struct zoom *zoom = state;
    struct area inside = {area.row + 1, area.column, area.rows - 2, area.columns};
    draw_clear(area);
    draw_title(zoom, area);
    live_pane_draw(&zoom->pane, inside);
    if (zoom->searching) {
        field_draw_line(&zoom->search, "/", area);
        return;
    }
    draw_bar(area, area.rows - 1, STYLE_PLAIN);
    draw_text(area, area.rows - 1, 1, zoom->found ? STYLE_PLAIN : STYLE_WARNING,
              zoom->found
                  ? "enter attach  t type into it  j k PgUp PgDn scroll  / search  n N next  y copy  "
                    "esc back"
                  : "not found");
}

static void search(struct zoom *zoom, bool up) {
    const char *text = field_text(&zoom->search);
    if (*text)
        zoom->found = live_pane_search(&zoom->pane, text, up);
}

static void search_key(struct zoom *zoom, const struct key *key) {
    if (key->code == UI_ENTER && !key->pasted) {
        zoom->searching = false;
        search(zoom, true);
    } else if (key->code == UI_ESCAPE || key->code == UI_CTRL('c')) {
        zoom->searching = false;
    } else {
        field_key(&zoom->search, key);
    }
}

static bool scroll_key(struct zoom *zoom, int code) {
    int page = zoom->pane.page > 2 ? zoom->pane.page - 1 : 1;
    const int steps[][2] = {{'k', 1},
                            {UI_UP, 1},
                            {'j', -1},
                            {UI_DOWN, -1},
                            {UI_WHEEL_UP, 3},
                            {UI_WHEEL_DOWN, -3},
                            {UI_PAGE_UP, page},
                            {UI_PAGE_DOWN, -page},
                            {UI_CTRL('b'), page},
                            {UI_CTRL('f'), -page},
                            {UI_CTRL('u'), (page + 1) / 2},
                            {UI_CTRL('d'), -(page + 1) / 2},
                            {'g', 1000000},
                            {UI_HOME, 1000000},
                            {'G', -1000000},
                            {UI_END, -1000000}};
    for (size_t i = 0; i < array_length(steps); i++)
        if (steps[i][0] == code) {
            live_pane_scroll(&zoom->pane, steps[i][1]);
            return true;
        }
    return false;
}

static void copy(const struct zoom *zoom) {
    _cleanup_free_ char *text = live_pane_text(&zoom->pane);
    term_copy(text);
    zoom->host->say(zoom->host, STYLE_PLAIN, "what is in view was copied");
}

static void key(void *state, const struct key *key) {
    struct zoom *zoom = state;
    struct host *host = zoom->host;
    zoom->found = true;
    if (zoom->searching) {
        search_key(zoom, key);
    } else if (key->code == UI_ESCAPE || key->code == 'q' || key->code == 'v' ||
               key->code == UI_CTRL('c')) {
        host->close(host, zoom);
    } else if (key->code == UI_ENTER) {
        host->act_on(host, ACTION_ATTACH, zoom->pane.name);
    } else if (key->code == 't') {
        host->act_on(host, ACTION_TALK, zoom->pane.name);
    } else if (key->code == 'y') {
        copy(zoom);
    } else if (key->code == '/') {
        zoom->searching = true;
    } else if (key->code == 'n' || key->code == 'N') {
        search(zoom, key->code == 'n');
    } else {
        scroll_key(zoom, key->code);
    }
}

const struct view view_zoom = {.enter = enter, .leave = leave, .draw = draw, .key = key};
