/* Several sessions side by side, each as its terminal is now: those that are marked, or those that run. */
#include "base/time.h"
#include "ui/view/live_pane.h"

#define CELLS_MAX     9
#define LEAST_COLUMNS 34 /* of a cell */
#define LEAST_ROWS    7

struct wall {
    struct host *host;
    struct live_pane cells[CELLS_MAX];
    struct area areas[CELLS_MAX]; /* of the last frame */
    size_t count;
    size_t at;
    int columns; /* of the grid */
    bool pane;   /* it is no layer: it has no keys, and follows what runs */
};

static bool is_running(const struct host *host, const char *name) {
    const struct store_row *row = daemons_find(&host->daemons, name);
    return row && watches_can(&row->session);
}

static void add(struct wall *wall, const char *name) {
    if (wall->count == CELLS_MAX || !is_running(wall->host, name))
        return;
    live_pane_of(&wall->cells[wall->count++], name);
}

/* The marked ones; where none is, those that run. */
static void choose(struct wall *wall) {
    const struct host *host = wall->host;
    const struct strings *marked = &host->list->marks.names;
    size_t before = wall->count;
    wall->count = 0;
    for (size_t i = 0; i < marked->count; i++)
        add(wall, marked->items[i]);
    for (size_t i = 0; marked->count == 0 && i < host->list->count; i++)
        add(wall, host->list->order[i]->key);
    for (size_t i = wall->count; i < before; i++)
        live_pane_of(&wall->cells[i], NULL);
    if (wall->pane)
        wall->at = wall->count;
    for (size_t i = 0; i < wall->count; i++)
        if (str_equal(wall->cells[i].name, host->shown))
            wall->at = i;
}

/* With an argument it is a pane. */
static void *enter(struct host *host, const void *argument) {
    struct wall *wall = mem_new(sizeof *wall);
    *wall = (struct wall){.host = host, .columns = 1, .pane = argument != NULL};
    for (size_t i = 0; i < CELLS_MAX; i++)
        live_pane_init(&wall->cells[i], host);
    choose(wall);
    return wall;
}

static void leave(void *state) {
    struct wall *wall = state;
    for (size_t i = 0; i < CELLS_MAX; i++)
        live_pane_done(&wall->cells[i]);
    free(wall);
}

/* As square as the room allows. */
static int grid_columns(size_t count, struct area area) {
    int columns = count <= 1 ? 1 : count <= 4 ? 2 : 3;
    while (columns > 1 && area.columns / columns < LEAST_COLUMNS)
        columns--;
    while ((size_t)columns < count && (area.rows / (((int)count + columns - 1) / columns)) < LEAST_ROWS &&
           area.columns / (columns + 1) >= LEAST_COLUMNS)
        columns++;
    return columns;
}

static void draw_cell(struct wall *wall, size_t index, struct area area) {
    struct live_pane *pane = &wall->cells[index];
    const struct store_row *row = daemons_find(&wall->host->daemons, pane->name);
    bool selected = index == wall->at,
         wants = row && row->activity && !row->muted && activity_wants(row->activity, time_now_ms());
    wall->areas[index] = area;
    struct area inside = draw_box(area);
    _cleanup_free_ char *whole = draw_path(row ? row->session.workspace : pane->name),
                        *path = draw_shorten_left(whole, area.columns / 2),
                        *at = draw_shorten(row && row->at ? row->at
                                           : row          ? ""
                                                          : "gone",
                                           area.columns - 7 - draw_width(path));
    int column = draw_text(area, 0, 2, selected ? STYLE_SELECTED : STYLE_TITLE, path);
    draw_text(area, 0, column + 1, wants ? STYLE_WARNING : STYLE_DIM, at);
    live_pane_draw(pane, inside);
}

static void draw_grid(struct wall *wall, struct area room) {
    wall->columns = grid_columns(wall->count, room);
    int lines = ((int)wall->count + wall->columns - 1) / wall->columns;
    for (size_t i = 0; i < wall->count; i++) {
        int line = (int)i / wall->columns, place = (int)i % wall->columns;
        int in_line = line == lines - 1 ? (int)wall->count - line * wall->columns : wall->columns;
        int left = room.columns * place / in_line, right = room.columns * (place + 1) / in_line;
        int top = room.rows * line / lines, bottom = room.rows * (line + 1) / lines;
        struct area cell = {room.row + top, room.column + left, bottom - top, right - left};
        if (cell.rows >= 3)
            draw_cell(wall, i, cell);
    }
}

static void draw(void *state, struct area area) {
    struct wall *wall = state;
    struct area room = {area.row, area.column, area.rows - 1, area.columns};
    if (wall->pane) {
        choose(wall);
        if (wall->count)
            draw_grid(wall, area);
        return;
    }
    draw_clear(area);
    draw_bar(area, area.rows - 1, STYLE_PLAIN);
    draw_text(area, area.rows - 1, 1, STYLE_PLAIN,
              wall->count ? "arrows choose  enter zoom, again attach  t type into it  esc back"
                          : "no session runs that could be watched  esc back");
    if (wall->count)
        draw_grid(wall, room);
}

static void move(struct wall *wall, int step) {
    int to = (int)wall->at + step;
    if (to >= 0 && to < (int)wall->count)
        wall->at = (size_t)to;
}

static void click(struct wall *wall, const struct key *key) {
    for (size_t i = 0; i < wall->count; i++)
        if (area_has(wall->areas[i], key->row, key->column))
            wall->at = i;
}

static void key(void *state, const struct key *key) {
    struct wall *wall = state;
    struct host *host = wall->host;
    int code = key->code;
    if (code == UI_ESCAPE || code == 'q' || code == 'w' || code == UI_CTRL('c')) {
        host->close(host, wall);
        return;
    }
    if (!wall->count)
        return;
    if (code == UI_CLICK || code == UI_DOUBLE_CLICK)
        click(wall, key);
    if (code == 'h' || code == UI_LEFT || code == UI_BACK_TAB)
        move(wall, -1);
    else if (code == 'l' || code == UI_RIGHT || code == UI_TAB)
        move(wall, 1);
    else if (code == 'k' || code == UI_UP)
        move(wall, -wall->columns);
    else if (code == 'j' || code == UI_DOWN)
        move(wall, wall->columns);
    else if (code == UI_WHEEL_UP || code == UI_WHEEL_DOWN)
        live_pane_scroll(&wall->cells[wall->at], code == UI_WHEEL_UP ? 3 : -3);
    else if (code == UI_ENTER || code == UI_DOUBLE_CLICK)
        host->act_on(host, ACTION_ZOOM, wall->cells[wall->at].name);
    else if (code == 't')
        host->act_on(host, ACTION_TALK, wall->cells[wall->at].name);
}

const struct view view_wall = {.enter = enter, .leave = leave, .draw = draw, .key = key};
