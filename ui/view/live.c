/* What the session's terminal shows at this moment, as it shows it. */
#include "base/time.h"
#include "ui/view/live_pane.h"

struct live {
    struct host *host;
    struct live_pane pane;
};

static void *enter(struct host *host, const void *argument) {
    struct live *live = mem_new(sizeof *live);
    (void)argument;
    live->host = host;
    live_pane_init(&live->pane, host);
    return live;
}

static void leave(void *state) {
    struct live *live = state;
    live_pane_done(&live->pane);
    free(live);
}

static void forget(void *state) {
    struct live *live = state;
    live_pane_of(&live->pane, NULL);
}

static void draw(void *state, struct area area) {
    struct live *live = state;
    const struct store_row *row = host_row(live->host);
    live_pane_of(&live->pane, live->host->shown);
    if (row && row->activity && area.rows > 4 && activity_wants(row->activity, time_now_ms())) {
        /* what it wants, in all its words: the list has room for one */
        draw_bar(area, 0, STYLE_WARNING);
        draw_format(area, 0, 0, STYLE_WARNING, "%s %s", theme_glyph(GLYPH_WARNING), row->at);
        area.row++;
        area.rows--;
    }
    live_pane_draw(&live->pane, area);
}

static void scroll(void *state, int lines) {
    struct live *live = state;
    live_pane_scroll(&live->pane, -lines);
}

const struct view view_live = {
    .title = "Live", .enter = enter, .leave = leave, .draw = draw, .scroll = scroll, .forget = forget};
