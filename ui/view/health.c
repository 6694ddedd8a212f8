/* Whether this machine gives good sessions: each check, and what mends it, which a key copies. */
#include "health/examine.h"
#include "health/probe.h"
#include "ui/terminal/terminal.h"
#include "ui/view/cursor.h"
#include "ui/view/host.h"

struct health_view {
    struct host *host;
    struct health health;
    size_t cursor, first; /* of the checks; the first in view */
    bool probing;
    struct task *task; /* looks; NULL: it has looked */
    bool closed;       /* while it did */
};

static void view_free(struct health_view *view) {
    health_done(&view->health);
    free(view);
}

static void look(void *data) {
    struct health_view *view = data;
    struct host *host = view->host;
    _cleanup_(error_done) struct error err = {0};
    struct health found = {0};
    const struct health_subject subject = {
        .client = host->client, .settings = host->settings, .prefix = host->prefix};
    loop_interruptible(host->loop, true);
    bool good =
        health_examine(&subject, &found, &err) && (!view->probing || health_probe(&subject, &found, &err));
    view->task = NULL;
    if (view->closed) {
        health_done(&found);
        view_free(view);
        return;
    }
    if (good) {
        health_done(&view->health);
        view->health = found;
        host->health = health_worst(&found);
    } else {
        health_done(&found);
        host->error(host, &err);
    }
    if (view->cursor >= view->health.count)
        view->cursor = 0;
    host->redraw(host);
}

static void begin(struct health_view *view, bool probing) {
    if (view->task)
        return;
    view->probing = probing;
    view->task = task_start(view->host->loop, look, view);
    view->host->redraw(view->host);
}

static void *enter(struct host *host, const void *argument) {
    struct health_view *view = mem_new(sizeof *view);
    (void)argument;
    *view = (struct health_view){.host = host};
    begin(view, false);
    return view;
}

/* What looks goes on to the end of its question, and frees. */
static void leave(void *state) {
    struct health_view *view = state;
    view->closed = true;
    if (view->task)
        task_cancel(view->task);
    else
        view_free(view);
}

static enum style style_of(const struct health_check *check) {
    return check->status == HEALTH_FAILED    ? STYLE_BAD
           : check->status == HEALTH_WARNING ? STYLE_WARNING
                                             : STYLE_GOOD;
}

static const char *glyph_of(const struct health_check *check) {
    return theme_glyph(check->status == HEALTH_FAILED    ? GLYPH_NO
                       : check->status == HEALTH_WARNING ? GLYPH_WARNING
                                                         : GLYPH_YES);
}

#define NAME_COLUMN    3
#define MESSAGE_COLUMN 30

/* In a narrow terminal the message stands below the name. */
static int draw_check(const struct health_check *check, struct area area, int row, bool selected) {
    bool narrow = area.columns < 70;
    int column = narrow ? NAME_COLUMN : MESSAGE_COLUMN;
    draw_text(area, row, 1, style_of(check), glyph_of(check));
    draw_text(area, row, NAME_COLUMN, selected ? STYLE_SELECTED : STYLE_PLAIN, check->name);
    row = draw_wrapped(area, row + narrow, column, check->status ? style_of(check) : STYLE_PLAIN,
                       check->message);
    if (selected && *check->details)
        row = draw_wrapped(area, row, column, STYLE_DIM, check->details);
    if (*check->fix)
        row = draw_wrapped(area, row, column, STYLE_STRONG, check->fix);
    return row;
}

static int rows_of(const struct health_check *check, int columns, bool selected) {
    bool narrow = columns < 70;
    int room = columns - (narrow ? NAME_COLUMN : MESSAGE_COLUMN),
        rows = draw_wrapped_rows(room, check->message);
    rows = (rows ? rows : 1) + narrow;
    rows += selected && *check->details ? draw_wrapped_rows(room, check->details) : 0;
    return rows + (*check->fix ? draw_wrapped_rows(room, check->fix) : 0);
}

/* So that the one under the cursor is in view. */
static void scroll(struct health_view *view, struct area area) {
    if (view->cursor < view->first)
        view->first = view->cursor;
    for (;;) {
        int rows = 0;
        for (size_t i = view->first; i <= view->cursor && i < view->health.count; i++)
            rows += rows_of(&view->health.items[i], area.columns, i == view->cursor);
        if (rows <= area.rows || view->first >= view->cursor)
            return;
        view->first++;
    }
}

static void draw(void *state, struct area area) {
    struct health_view *view = state;
    struct area box = {area.row + 1, area.column, area.rows - 2, area.columns}, inside = draw_box(box);
    const struct health *health = &view->health;
    const char *word = health->count ? health_word(health_worst(health)) : "";
    draw_format(box, 0, 2, STYLE_STRONG, "Health%s%s%s", *word ? ": " : "", word,
                view->task ? (view->probing ? ", trying in a container" : ", looking") : "");
    scroll(view, inside);
    int row = 0;
    for (size_t i = view->first; i < health->count && row < inside.rows; i++)
        row = draw_check(&health->items[i], inside, row, i == view->cursor);
}

static void copy(const struct health_view *view) {
    const struct health *health = &view->health;
    const char *fix = view->cursor < health->count ? health->items[view->cursor].fix : "";
    if (*fix)
        term_copy(fix);
    view->host->say(view->host, *fix ? STYLE_GOOD : STYLE_WARNING, "%s%s",
                    *fix ? "copied: " : "nothing is to be mended here", fix);
}

static void key(void *state, const struct key *key) {
    struct health_view *view = state;
    enum action action = keys_action(key);
    if (key->pasted)
        return;
    if (cursor_move(&view->cursor, view->health.count, action))
        return;
    if (action == ACTION_COPY)
        copy(view);
    else if (key->code == 'r' || key->code == 'p')
        begin(view, key->code == 'p');
    else
        view->host->close(view->host, view);
}

const struct view view_health = {
    .footer = "j k move   y copy what mends it   r look again   p try in a container   esc close",
    .enter = enter,
    .leave = leave,
    .draw = draw,
    .key = key};
