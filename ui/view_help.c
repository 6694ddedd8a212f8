/* All keys, from their table. */
#include "ui/app.h"

static void draw(struct app *app, struct area area) {
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    size_t count = 0;
    draw_text(box, 0, 2, STYLE_STRONG, "Keys");
    while (key_table[count].action != ACTION_NONE)
        count++;
    size_t columns = inside.columns >= 110 ? 2 : 1, rows = (count + columns - 1) / columns;
    size_t most = rows > (size_t)inside.rows ? rows - (size_t)inside.rows : 0;
    if (app->scroll > most)
        app->scroll = most;
    for (size_t i = 0; i < count; i++) {
        int row = (int)(i % rows) - (int)app->scroll;
        struct area half = {inside.row, inside.column + (int)(i / rows) * (inside.columns / 2), inside.rows,
                            inside.columns / (int)columns};
        draw_text(half, row, 1, STYLE_KEY, key_table[i].label);
        draw_text(half, row, 11, STYLE_PLAIN, key_table[i].words);
    }
}

static void key(struct app *app, const struct key *key) {
    enum action action = keys_action(key);
    bool down = action == ACTION_DOWN || action == ACTION_PAGE_DOWN || action == ACTION_PANE_DOWN;
    bool up = action == ACTION_UP || action == ACTION_PAGE_UP || action == ACTION_PANE_UP;
    size_t step = action == ACTION_PAGE_DOWN || action == ACTION_PAGE_UP ? 10 : 1;
    if (down)
        app->scroll += step;
    else if (up)
        app->scroll = app->scroll > step ? app->scroll - step : 0;
    else
        app->scroll = 0;
    if (!down && !up)
        app_open_layer(app, NULL);
}

const struct layer layer_help = {.draw = draw, .key = key, .footer = "j k scroll   any other key closes"};
