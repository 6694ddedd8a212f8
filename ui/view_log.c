/* What has happened, and what commands wrote; the newest at the bottom. */
#include "ui/app.h"

static enum style style_of(enum log_kind kind) {
    static const enum style styles[] = {[LOG_NOTE] = STYLE_PLAIN,
                                        [LOG_GOOD] = STYLE_GOOD,
                                        [LOG_ERROR] = STYLE_BAD,
                                        [LOG_OUTPUT] = STYLE_PLAIN};
    return styles[kind];
}

static void draw(struct app *app, struct area area) {
    size_t count = app->log.count, rows = (size_t)area.rows;
    size_t most = count > rows ? count - rows : 0;
    if (app->scroll > most)
        app->scroll = most;
    if (count == 0)
        draw_text(area, 0, 1, STYLE_DIM, "nothing has happened yet");
    for (size_t i = 0; i < rows && i < count; i++) {
        const struct log_line *line = log_line(&app->log, most - app->scroll + i);
        int column = draw_text(area, (int)i, 1, STYLE_DIM, line->time);
        draw_text(area, (int)i, *line->time ? column + 1 : 1, style_of(line->kind), line->text);
    }
}

const struct tab_view tab_log = {.title = "Log", .draw = draw};
