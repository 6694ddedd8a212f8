/* What has happened, and what commands wrote; the newest at the bottom. */
#include "ui/app.h"

#include <string.h>

static enum style style_of(enum log_kind kind) {
    static const enum style styles[] = {[LOG_NOTE] = STYLE_PLAIN,
                                        [LOG_GOOD] = STYLE_GOOD,
                                        [LOG_ERROR] = STYLE_BAD,
                                        [LOG_OUTPUT] = STYLE_PLAIN};
    return styles[kind];
}

static int text_column(const struct log_line *line) {
    return *line->time ? 2 + (int)strlen(line->time) : 1;
}

/* How many rows the area still has when the lines before `end` are in it; *first: the first of them. */
static int fill(const struct log *log, struct area area, size_t end, size_t *first) {
    int room = area.rows;
    for (*first = end; *first > 0 && room > 0; --*first) {
        const struct log_line *line = log_line(log, *first - 1);
        int rows = draw_wrapped_rows(area.columns - text_column(line), line->text);
        room -= rows ? rows : 1;
    }
    return room;
}

static void draw(struct app *app, struct area area) {
    size_t count = app->log.count, first = 0;
    if (count == 0)
        draw_text(area, 0, 1, STYLE_DIM, "nothing has happened yet");
    if (app->scroll > count)
        app->scroll = count;
    int room = fill(&app->log, area, count - app->scroll, &first);
    while (room > 0 && app->scroll > 0)
        room = fill(&app->log, area, count - --app->scroll, &first);
    /* a first line that is only partly in the area begins above it */
    for (int row = room < 0 ? room : 0; first < count && row < area.rows; first++) {
        const struct log_line *line = log_line(&app->log, first);
        draw_text(area, row, 1, STYLE_DIM, line->time);
        int below = draw_wrapped(area, row, text_column(line), style_of(line->kind), line->text);
        row = below > row ? below : row + 1;
    }
}

const struct tab_view tab_log = {.title = "Log", .draw = draw};
