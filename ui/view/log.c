/* What has happened, and what commands wrote; the newest at the bottom. */
#include "ui/view/host.h"

#include <string.h>

struct log_pane {
    struct log *log;
    size_t scroll; /* lines up from the newest */
};

static void *enter(struct host *host, const void *argument) {
    struct log_pane *pane = mem_new(sizeof *pane);
    (void)argument;
    pane->log = host->log;
    return pane;
}

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

static void draw(void *state, struct area area) {
    struct log_pane *pane = state;
    struct log *log = pane->log;
    size_t count = log->count, first = 0;
    log->unread = 0;
    if (count == 0)
        draw_text(area, 0, 1, STYLE_DIM, "nothing has happened yet");
    if (pane->scroll > count)
        pane->scroll = count;
    int room = fill(log, area, count - pane->scroll, &first);
    while (room > 0 && pane->scroll > 0)
        room = fill(log, area, count - --pane->scroll, &first);
    /* a first line that is only partly in the area begins above it */
    for (int row = room < 0 ? room : 0; first < count && row < area.rows; first++) {
        const struct log_line *line = log_line(log, first);
        draw_text(area, row, 1, STYLE_DIM, line->time);
        int below = draw_wrapped(area, row, text_column(line), style_of(line->kind), line->text);
        row = below > row ? below : row + 1;
    }
}

static void scroll(void *state, int lines) {
    struct log_pane *pane = state;
    pane->scroll = lines > (int)pane->scroll ? 0 : (size_t)((int)pane->scroll - lines);
}

static void forget(void *state) {
    struct log_pane *pane = state;
    pane->scroll = 0;
}

const struct view view_log = {
    .title = "Log", .enter = enter, .leave = free, .draw = draw, .scroll = scroll, .forget = forget};
