/* A question over the panes, answered with yes or no. */
#include "ui/view/question.h"

#include "ui/view/host.h"

struct question_layer {
    struct host *host;
    struct question_asked *asked; /* of who waits for the answer */
};

static void *enter(struct host *host, const void *argument) {
    struct question_layer *layer = mem_new(sizeof *layer);
    *layer = (struct question_layer){host, (struct question_asked *)argument};
    return layer;
}

/* Closed without an answer it was a no. */
static void leave(void *state) {
    struct question_layer *layer = state;
    layer->asked->answered = true;
    free(layer);
}

static void draw_answers(struct area inside) {
    int row = inside.rows - 1, column = draw_text(inside, row, 1, STYLE_KEY, "y");
    column = draw_text(inside, row, column + 1, STYLE_PLAIN, "yes");
    column = draw_text(inside, row, column + 3, STYLE_KEY, "n");
    column = draw_text(inside, row, column + 1, STYLE_STRONG, "no");
    draw_text(inside, row, column + 1, STYLE_DIM, "(enter, esc)");
}

static void draw(void *state, struct area area) {
    const struct question_asked *asked = ((const struct question_layer *)state)->asked;
    int columns = area.columns < 100 ? area.columns : 100;
    int lines = (draw_width(asked->text) + columns - 5) / (columns > 5 ? columns - 4 : 1);
    int details = asked->details ? (int)asked->details->count : 0, most = area.rows - lines - 6;
    int shown = details < most ? details : most < 0 ? 0 : most;
    int rows = lines + shown + 5 + (details > shown);
    struct area box = {area.row + (area.rows - rows) / 2, area.column + (area.columns - columns) / 2, rows,
                       columns};
    if (box.row < area.row)
        box.row = area.row;
    if (box.rows > area.rows)
        box.rows = area.rows;
    struct area inside = draw_box(box);
    int row = draw_wrapped(inside, 0, 1, STYLE_WARNING, asked->text);
    for (int i = 0; i < shown; i++) {
        _cleanup_free_ char *line = draw_shorten(asked->details->items[i], inside.columns - 3);
        draw_text(inside, row++, 2, STYLE_PLAIN, line);
    }
    if (details > shown)
        draw_format(inside, row++, 2, STYLE_DIM, "and %d more", details - shown);
    draw_answers(inside);
}

/* Only a typed y is a yes: what is pasted answers nothing. */
static void key(void *state, const struct key *key) {
    const struct question_layer *layer = state;
    bool yes = key->code == 'y' || key->code == 'Y';
    bool no = key->code == 'n' || key->code == 'N' || key->code == UI_ENTER || key->code == UI_ESCAPE ||
              key->code == 'q' || key->code == UI_CTRL('c');
    if (key->pasted || !(yes || no))
        return;
    layer->asked->yes = yes;
    layer->host->close(layer->host, state);
}

const struct view view_question = {
    .footer = "y yes   n no", .enter = enter, .leave = leave, .draw = draw, .key = key};
