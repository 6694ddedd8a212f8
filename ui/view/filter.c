/* The filter of the list, typed in the last row. */
#include "ui/terminal/field.h"
#include "ui/view/host.h"

struct filter {
    struct host *host;
    struct field line;
};

static void *enter(struct host *host, const void *argument) {
    struct filter *filter = mem_new(sizeof *filter);
    (void)argument;
    filter->host = host;
    field_set(&filter->line, host->list->filter);
    return filter;
}

static void leave(void *state) {
    struct filter *filter = state;
    field_done(&filter->line);
    free(filter);
}

static void draw(void *state, struct area area) {
    const struct filter *filter = state;
    field_draw_line(&filter->line, "/", area);
}

static void key(void *state, const struct key *key) {
    struct filter *filter = state;
    struct host *host = filter->host;
    if (key->code == UI_ESCAPE || key->code == UI_CTRL('c')) {
        list_filter(host->list, "");
        host->close(host, filter);
    } else if (key->code == UI_ENTER && !key->pasted) {
        host->close(host, filter);
    } else if (key->code == UI_UP || key->code == UI_DOWN) {
        list_move(host->list, key->code == UI_UP ? -1 : 1);
    } else if (field_key(&filter->line, key)) {
        list_filter(host->list, field_text(&filter->line));
    }
}

const struct view view_filter = {.enter = enter, .leave = leave, .draw = draw, .key = key};
