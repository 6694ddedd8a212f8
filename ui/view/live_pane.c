#include "ui/view/live_pane.h"

#include <string.h>

#define PAST_LINES 3000

void live_pane_init(struct live_pane *pane, struct host *host) {
    *pane = (struct live_pane){.host = host, .page = 1};
}

/* Nobody waits for the past any more. */
static void stop_asking(struct live_pane *pane) {
    struct session_watch *watch = host_watch(pane->host, pane->name);
    if (pane->asking && watch)
        session_watch_history(watch, 0, NULL, NULL);
    pane->asking = false;
}

static void forget_past(struct live_pane *pane) {
    stop_asking(pane);
    emulator_free(pane->past);
    pane->past = NULL;
    pane->scroll = 0;
}

void live_pane_done(struct live_pane *pane) {
    forget_past(pane);
    emulator_free(pane->emulator);
    free(pane->name);
    free(pane->search);
    *pane = (struct live_pane){.host = pane->host};
}

void live_pane_of(struct live_pane *pane, const char *name) {
    if (str_equal(name, pane->name))
        return;
    forget_past(pane);
    str_set(&pane->name, name);
    str_set(&pane->search, NULL);
    pane->filled = false;
}

static void take_contents(struct live_pane *pane, const struct watch_contents *contents) {
    if (pane->filled && pane->drawn == contents->number)
        return;
    if (!pane->emulator)
        pane->emulator = emulator_new();
    emulator_show(pane->emulator, contents->text, contents->rows, contents->columns);
    pane->drawn = contents->number;
    pane->filled = true;
}

/* What the search found is drawn once more over the text. */
static void draw_found(const struct live_pane *pane, struct area area, int at, int row) {
    _cleanup_free_ char *text = emulator_text(pane->past, row);
    const char *found = strcasestr(text, pane->search);
    if (!found)
        return;
    _cleanup_free_ char *left = str_copy_n(text, (size_t)(found - text)),
                        *match = str_copy_n(found, strlen(pane->search));
    draw_text(area, at, draw_width(left), STYLE_MATCH, match);
}

static int past_top(const struct live_pane *pane) {
    int top = pane->past_rows - pane->page - pane->scroll;
    return top > 0 ? top : 0;
}

static void draw_past(struct live_pane *pane, struct area area) {
    int top = past_top(pane);
    emulator_draw(pane->past, area, top, -1, 0);
    for (int at = 0; !str_empty(pane->search) && at < area.rows && top + at < pane->past_rows; at++)
        draw_found(pane, area, at, top + at);
    _cleanup_free_ char *words = str_printf(" %d more below ", pane->scroll);
    int column = area.columns - draw_width(words);
    draw_text(area, area.rows - 1, column > 0 ? column : 0, STYLE_SELECTED, words);
}

/* Its end is what one waits for; with the cursor in it. */
static void draw_now(const struct live_pane *pane, const struct watch_contents *contents,
                     struct area area) {
    int used = emulator_used(pane->emulator), end = contents->cursor_row + 1;
    int last = used > end ? used : end;
    int top = last > area.rows ? last - area.rows : 0;
    emulator_draw(pane->emulator, area, top, contents->cursor_row, contents->cursor_column);
}

static const char *why_nothing(const struct live_pane *pane) {
    const struct store_row *row = daemons_find(&pane->host->daemons, pane->name);
    if (!row)
        return "";
    const char *why =
        watches_why_not(daemons_of(&pane->host->daemons, row->key)->watches, row->session.name);
    if (row->session.foreign)
        return "not a session: it is not watched";
    if (!str_equal(row->session.status, "Running"))
        return "not running: there is nothing to show";
    if (!watches_can(&row->session))
        return "a run: its output goes to who started it";
    return why ? why : "…";
}

void live_pane_draw(struct live_pane *pane, struct area area) {
    struct session_watch *watch = pane->name ? host_view(pane->host, pane->name) : NULL;
    const struct watch_contents *contents = watch ? session_watch_contents(watch) : NULL;
    pane->page = area.rows;
    if (pane->past) {
        draw_past(pane, area);
    } else if (contents) {
        take_contents(pane, contents);
        draw_now(pane, contents, area);
    } else {
        draw_wrapped(area, 0, 1, STYLE_DIM, why_nothing(pane));
    }
}

static void keep_in_range(struct live_pane *pane, int rows) {
    int most = pane->past_rows > pane->page ? pane->past_rows - pane->page : 0;
    pane->scroll += rows;
    if (pane->scroll > most)
        pane->scroll = most;
}

static void past_came(void *data, const char *text) {
    struct live_pane *pane = data;
    pane->asking = false;
    if (!text || !pane->emulator)
        return;
    pane->past = emulator_new();
    pane->past_rows = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        pane->past_rows++;
    struct session_watch *watch = host_watch(pane->host, pane->name);
    const struct watch_contents *contents = watch ? session_watch_contents(watch) : NULL;
    emulator_show(pane->past, text, pane->past_rows, contents ? contents->columns : 80);
    pane->past_rows = emulator_used(pane->past);
    keep_in_range(pane, 0);
    if (!str_empty(pane->search))
        live_pane_search(pane, pane->search, true);
    pane->host->redraw(pane->host);
}

/* What was shown and above it has to be fetched first. */
static void begin_past(struct live_pane *pane) {
    struct session_watch *watch = host_watch(pane->host, pane->name);
    if (!pane->past && !pane->asking && watch)
        pane->asking = session_watch_history(watch, PAST_LINES, past_came, pane);
}

void live_pane_scroll(struct live_pane *pane, int rows) {
    if (!pane->past) {
        if (rows > 0)
            begin_past(pane);
        pane->scroll = rows > 0 && pane->asking ? rows : 0;
        return;
    }
    keep_in_range(pane, rows);
    if (pane->scroll <= 0)
        forget_past(pane);
}

bool live_pane_search(struct live_pane *pane, const char *text, bool up) {
    if (text != pane->search)
        str_set(&pane->search, text);
    if (!pane->past) {
        begin_past(pane);
        return pane->asking;
    }
    int step = up ? -1 : 1;
    int from = past_top(pane) + (up ? pane->page - 1 : 0);
    /* the row that was found last is in the middle: what is beyond it is next */
    if (pane->scroll > 0)
        from = past_top(pane) + pane->page / 2 + step;
    for (int row = from; row >= 0 && row < pane->past_rows; row += step) {
        _cleanup_free_ char *line = emulator_text(pane->past, row);
        if (!strcasestr(line, pane->search))
            continue;
        pane->scroll = pane->past_rows - pane->page - (row - pane->page / 2);
        if (pane->scroll < 1)
            pane->scroll = 1;
        keep_in_range(pane, 0);
        return true;
    }
    return false;
}

char *live_pane_text(const struct live_pane *pane) {
    _cleanup_(buffer_done) struct buffer text = {0};
    const struct emulator *emulator = pane->past ? pane->past : pane->emulator;
    int from = pane->past ? past_top(pane) : 0;
    int rows = pane->past ? pane->page : pane->filled ? emulator_used(pane->emulator) : 0;
    for (int row = from; row < from + rows; row++) {
        _cleanup_free_ char *line = emulator_text(emulator, row);
        buffer_printf(&text, "%s\n", line);
    }
    return str_copy(text.data ? text.data : "");
}
