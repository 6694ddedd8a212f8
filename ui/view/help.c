/* All keys, from their table. */
#include "ui/view/host.h"

struct help {
    struct host *host;
    size_t scroll;
};

static void *enter(struct host *host, const void *argument) {
    struct help *help = mem_new(sizeof *help);
    (void)argument;
    help->host = host;
    return help;
}

static void draw(void *state, struct area area) {
    struct help *help = state;
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    size_t count = 0;
    draw_text(box, 0, 2, STYLE_STRONG, "Keys");
    while (key_table[count].action != ACTION_NONE)
        count++;
    size_t columns = inside.columns >= 110 ? 2 : 1, rows = (count + columns - 1) / columns;
    size_t most = rows > (size_t)inside.rows ? rows - (size_t)inside.rows : 0;
    if (help->scroll > most)
        help->scroll = most;
    for (size_t i = 0; i < count; i++) {
        int row = (int)(i % rows) - (int)help->scroll;
        struct area half = {inside.row, inside.column + (int)(i / rows) * (inside.columns / 2), inside.rows,
                            inside.columns / (int)columns};
        draw_text(half, row, 1, STYLE_KEY, key_table[i].label);
        draw_text(half, row, 11, STYLE_PLAIN, key_table[i].words);
    }
}

static void key(void *state, const struct key *key) {
    struct help *help = state;
    enum action action = keys_action(key);
    bool down = action == ACTION_DOWN || action == ACTION_PAGE_DOWN || action == ACTION_PANE_DOWN;
    bool up = action == ACTION_UP || action == ACTION_PAGE_UP || action == ACTION_PANE_UP;
    size_t step = action == ACTION_PAGE_DOWN || action == ACTION_PAGE_UP ? 10 : 1;
    if (down)
        help->scroll += step;
    else if (up)
        help->scroll = help->scroll > step ? help->scroll - step : 0;
    else
        help->host->close(help->host, help);
}

const struct view view_help = {
    .footer = "j k scroll   any other key closes", .enter = enter, .leave = free, .draw = draw, .key = key};
