/* The list of sessions. */
#include "base/time.h"
#include "guard/head.h"
#include "session/diff.h"
#include "ui/view/host.h"

#include <string.h>
#include <time.h>

/* Widths of columns, the blank behind each included; the workspace has what is left. */
#define SLOT_WIDTH    5
#define STATE_WIDTH   12
#define MAPPING_WIDTH 10
#define UPTIME_WIDTH  4
#define CPU_WIDTH     6
#define MEMORY_WIDTH  7
#define PROGRAM_WIDTH 10
#define BRANCH_WIDTH  13
#define FILES_WIDTH   5
#define MARGIN        3 /* cursor and mark */
/* How often statistics are asked for, at the most. */
#define NOT_BEFORE_MS 1900
/* From which width on a column is there. */
#define WITH_MAPPING 46
#define WITH_STATS   88
#define WITH_WORK    96

struct columns {
    bool mapping, stats, work;
    int workspace; /* its width */
};

static struct columns arrange(int width) {
    struct columns columns = {
        .mapping = width >= WITH_MAPPING, .stats = width >= WITH_STATS, .work = width >= WITH_WORK};
    columns.workspace = width - MARGIN - SLOT_WIDTH - STATE_WIDTH - UPTIME_WIDTH -
                        (columns.mapping ? MAPPING_WIDTH : 0) -
                        (columns.stats ? CPU_WIDTH + MEMORY_WIDTH : 0) -
                        (columns.work ? PROGRAM_WIDTH + BRANCH_WIDTH + FILES_WIDTH : 0) - 1;
    return columns;
}

struct sessions {
    struct host *host;
    struct area rows; /* where they stood in the last frame */
    int64_t asked_at; /* for statistics, as loop_now() */
};

static void *enter(struct host *host, const void *argument) {
    struct sessions *sessions = mem_new(sizeof *sessions);
    (void)argument;
    sessions->host = host;
    return sessions;
}

static void draw_heading(const struct list *list, const struct columns *columns, struct area area) {
    static const char *const words[] = {"WORKSPACE", "SLOT", "STATE", "MAPPING", "UP"};
    int column = MARGIN;
    const int widths[] = {columns->workspace, SLOT_WIDTH, STATE_WIDTH, columns->mapping ? MAPPING_WIDTH : 0,
                          UPTIME_WIDTH};
    for (int i = 0; i < COLUMNS_SORTED; i++) {
        if (widths[i] == 0)
            continue;
        bool sorted = list->sort == (enum column)i;
        /* the arrow tells the order without colour */
        const char *mark = !sorted           ? ""
                           : theme_is_utf8() ? (list->reverse ? "↑" : "↓")
                                             : (list->reverse ? "^" : "v");
        draw_format(area, 0, column, sorted ? STYLE_STRONG : STYLE_DIM, "%s%s", words[i], mark);
        column += widths[i];
    }
    if (columns->stats)
        draw_text(area, 0, column, STYLE_DIM, "CPU   MEM");
    column += CPU_WIDTH + MEMORY_WIDTH;
    if (columns->work) {
        draw_text(area, 0, column, STYLE_DIM, "PROGRAM");
        draw_text(area, 0, column + PROGRAM_WIDTH, STYLE_DIM, "BRANCH");
        draw_text(area, 0, column + PROGRAM_WIDTH + BRANCH_WIDTH, STYLE_DIM, "DIFF");
    }
}

/* What a session that runs is at. */
static enum style activity_style(const struct store_row *row) {
    switch (row->activity ? activity_status(row->activity, time_now_ms(), NULL) : ACTIVITY_UNKNOWN) {
    case ACTIVITY_WAITING:
    case ACTIVITY_BELL:
        return row->muted ? STYLE_PLAIN : STYLE_WARNING;
    case ACTIVITY_UNKNOWN:
    case ACTIVITY_WORKING:
    case ACTIVITY_DONE:
        return STYLE_GOOD;
    default:
        return STYLE_PLAIN;
    }
}

/* The same in words, as long as there is room: the whole of it stands where there is more. Caller owns. */
static char *activity_cell(const struct store_row *row) {
    static const enum glyph glyphs[] = {
        [ACTIVITY_UNKNOWN] = GLYPH_RUNNING, [ACTIVITY_WORKING] = GLYPH_RUNNING,
        [ACTIVITY_QUIET] = GLYPH_QUIET,     [ACTIVITY_SAID] = GLYPH_RUNNING,
        [ACTIVITY_PROMPT] = GLYPH_PROMPT,   [ACTIVITY_DONE] = GLYPH_YES,
        [ACTIVITY_ENDED] = GLYPH_STOPPED,   [ACTIVITY_BELL] = GLYPH_WARNING,
        [ACTIVITY_WAITING] = GLYPH_WAITING};
    int64_t now = time_now_ms();
    if (!row->activity)
        return str_printf("%s run", theme_glyph(GLYPH_RUNNING));
    enum activity_status status = activity_status(row->activity, now, NULL);
    _cleanup_free_ char *words = status == ACTIVITY_QUIET || status == ACTIVITY_SAID
                                     ? activity_text(row->activity, now)
                                     : str_copy(status ? activity_word(status) : "run"),
                        *fits = draw_shorten(words, STATE_WIDTH - 3);
    return str_printf("%s %s", theme_glyph(row->muted ? GLYPH_MUTED : glyphs[status]), fits);
}

static enum style state_style(const struct store_row *row) {
    const char *status = row->session.status;
    return row->busy                      ? STYLE_WARNING
           : row->session.orphaned        ? STYLE_BAD
           : row->session.changed         ? STYLE_BAD
           : str_equal(status, "Running") ? activity_style(row)
           : str_equal(status, "Stopped") ? STYLE_PLAIN
           : str_equal(status, "Frozen")  ? STYLE_WARNING
                                          : STYLE_BAD;
}

static char *state_text(const struct store_row *row) {
    const char *status = row->session.status;
    if (row->busy)
        return str_printf("%s %s", theme_glyph(GLYPH_CHANGING), row->busy);
    if (row->session.changed)
        return str_printf("%s guard", theme_glyph(GLYPH_NO));
    if (row->session.orphaned)
        return str_printf("%s orphan", theme_glyph(GLYPH_WARNING));
    if (str_equal(status, "Running"))
        return activity_cell(row);
    if (str_equal(status, "Stopped"))
        return str_printf("%s stop", theme_glyph(GLYPH_STOPPED));
    if (str_equal(status, "Frozen"))
        return str_printf("%s frozen", theme_glyph(GLYPH_FROZEN));
    return str_printf("%s %s", theme_glyph(GLYPH_WARNING), status);
}

/* What the filter found is drawn once more over the text. */
static void draw_match(const struct list *list, struct area area, int row, int column, const char *text) {
    const char *found = *list->filter ? strcasestr(text, list->filter) : NULL;
    if (!found)
        return;
    _cleanup_free_ char *left = str_copy_n(text, (size_t)(found - text)),
                        *match = str_copy_n(found, strlen(list->filter));
    draw_text(area, row, column + draw_width(left), STYLE_MATCH, match);
}

static void draw_stats(const struct store_row *row, struct area area, int at, int column,
                       enum style style) {
    if (row->cpu >= 0)
        draw_format(area, at, column, style, "%3.0f%%", row->cpu);
    if (row->memory >= 0)
        draw_format(area, at, column + CPU_WIDTH, style, row->memory < 10000000000 ? "%4.0fM" : "%4.0fG",
                    row->memory < 10000000000 ? (double)row->memory / 1e6 : (double)row->memory / 1e9);
}

/* What runs in it, where it works, and how many files differ. */
static void draw_work(const struct store_row *row, struct area area, int at, int column, enum style style) {
    _cleanup_free_ char *program = draw_shorten(row->activity ? activity_program(row->activity) : "",
                                                PROGRAM_WIDTH - 1),
                        *branch = draw_shorten(row->branch ? row->branch : "", BRANCH_WIDTH - 1);
    draw_text(area, at, column, style, program);
    draw_text(area, at, column + PROGRAM_WIDTH, style, branch);
    if (row->files >= 0)
        draw_format(area, at, column + PROGRAM_WIDTH + BRANCH_WIDTH, style, "%4ld", row->files);
}

/* Whether what it says does not fit into one word: it has a second line. */
static bool has_words(const struct store_row *row) {
    enum activity_status status =
        row->activity ? activity_status(row->activity, time_now_ms(), NULL) : ACTIVITY_UNKNOWN;
    return (status >= ACTIVITY_BELL || status == ACTIVITY_DONE || status == ACTIVITY_SAID) && row->at &&
           !str_equal(row->at, activity_word(status));
}

static void draw_row(const struct host *host, const struct columns *columns, size_t index, struct area area,
                     int at) {
    const struct list *list = host->list;
    const struct store_row *row = list->order[index];
    const struct session *session = &row->session;
    bool selected = index == list->cursor, marked = marks_has(&list->marks, session->name);
    bool faint = session->foreign || host->store->link == LINK_AWAY;
    enum style plain = selected ? STYLE_SELECTED : faint ? STYLE_DIM : STYLE_PLAIN;
    if (selected)
        draw_bar(area, at, STYLE_SELECTED);
    draw_text(area, at, 0, plain, selected ? theme_glyph(GLYPH_CURSOR) : " ");
    draw_text(area, at, 1, selected ? plain : STYLE_STRONG, marked ? theme_glyph(GLYPH_MARK) : " ");
    _cleanup_free_ char *path = session->foreign || !*session->workspace ? str_copy(session->name)
                                                                         : draw_path(session->workspace),
                        *shown = draw_shorten_left(path, columns->workspace - 1), *state = state_text(row),
                        *mapping = list_mapping(session);
    int column = MARGIN;
    draw_text(area, at, column, plain, shown);
    draw_match(list, area, at, column, shown);
    column += columns->workspace;
    if (!session->foreign)
        draw_format(area, at, column + 1, plain, "%u", session->slot);
    column += SLOT_WIDTH;
    draw_text(area, at, column, selected ? plain : faint ? STYLE_DIM : state_style(row), state);
    column += STATE_WIDTH;
    bool unmapped = session->method == IDMAP_REFUSED && *session->workspace && !session->foreign;
    bool bad = unmapped || (selected && mapping_is_bad(host->mapping));
    if (columns->mapping) {
        draw_format(area, at, column, bad && !selected ? STYLE_BAD : plain, "%s%s",
                    bad ? theme_glyph(GLYPH_NO) : "", mapping);
        column += MAPPING_WIDTH;
    }
    char uptime[24];
    list_uptime(session, time(NULL), uptime, sizeof uptime);
    draw_format(area, at, column, plain, "%3s", uptime);
    if (columns->stats)
        draw_stats(row, area, at, column + UPTIME_WIDTH, plain);
    if (columns->work)
        draw_work(row, area, at, column + UPTIME_WIDTH + CPU_WIDTH + MEMORY_WIDTH, plain);
    if (has_words(row))
        draw_format(area, at + 1, MARGIN, faint ? STYLE_DIM : state_style(row), "  %s", row->at);
}

static size_t lines_of(const struct list *list, size_t from, size_t to) {
    size_t lines = to - from;
    for (size_t i = from; i < to; i++)
        lines += has_words(list->order[i]);
    return lines;
}

/* As much of the list as there is room for, with the cursor in it. */
static void place(struct list *list, size_t rows) {
    list->page = rows ? rows : 1;
    if (list->cursor < list->top || list->top >= list->count)
        list->top = list->cursor;
    while (list->top < list->cursor && lines_of(list, list->top, list->cursor + 1) > rows)
        list->top++;
    while (list->top > 0 && list->count - list->top < rows &&
           lines_of(list, list->top - 1, list->count) <= rows)
        list->top--;
}

/* Which row of the list stands in this line; its count if none does. */
static size_t row_at(const struct list *list, size_t line) {
    size_t row = list->top, end = 0;
    for (; row < list->count; row++) {
        end += 1 + has_words(list->order[row]);
        if (line < end)
            return row;
    }
    return list->count;
}

/* A step of the first start: what is not there, and what mends it; the screen goes on by itself then. */
static void draw_missing(struct area area, const char *what, const struct strings *hints,
                         const char *then) {
    int row = draw_wrapped(area, 1, 1, STYLE_BAD, what);
    for (size_t i = 0; i < hints->count; i++)
        row = draw_wrapped(area, row, 3, STYLE_PLAIN, hints->items[i]);
    draw_wrapped(area, row + 1, 1, STYLE_DIM, then);
}

/* Nothing is there yet: one step at a time. */
static void draw_empty(const struct host *host, struct area area) {
    const struct store *store = host->store;
    if (*host->list->filter) {
        draw_text(area, 1, 1, STYLE_DIM, "nothing matches the filter; esc clears it");
    } else if (store->link == LINK_AWAY) {
        draw_missing(area, store->why ? store->why : "the daemon is away", &store->hints,
                     "It is tried again by itself. H shows all that this machine lacks.");
    } else if (!store->complete) {
        draw_text(area, 1, 1, STYLE_DIM, "asking the daemon");
    } else if (host->no_image.class != ERROR_NONE) {
        draw_missing(area, host->no_image.message, &host->no_image.hints,
                     "Sessions are made from it ([container] image). Once it is there, this goes on.");
    } else {
        int row = draw_wrapped(area, 1, 1, STYLE_PLAIN, "No sessions yet.");
        draw_wrapped(area, row, 1, STYLE_DIM, "n starts a shell session, r runs a command");
    }
}

static void draw_title(const struct list *list, struct area area) {
    int column = draw_text(area, 0, 2, STYLE_STRONG, "Sessions");
    if (*list->filter)
        column = draw_format(area, 0, column, STYLE_MATCH, " /%s", list->filter);
    if (list->count > list->page && column < area.columns - 12)
        draw_format(area, 0, column, STYLE_DIM, " %zu/%zu", list->cursor + 1, list->count);
}

static void draw(void *state, struct area area) {
    struct sessions *sessions = state;
    struct list *list = sessions->host->list;
    struct area inside = draw_box(area), rows = inside;
    struct columns columns = arrange(inside.columns);
    rows.row++;
    rows.rows--;
    sessions->rows = rows;
    place(list, rows.rows > 0 ? (size_t)rows.rows : 0);
    draw_title(list, area);
    draw_heading(list, &columns, inside);
    if (list->count == 0)
        draw_empty(sessions->host, inside);
    int at = 0;
    for (size_t i = list->top; at < rows.rows && i < list->count; i++) {
        draw_row(sessions->host, &columns, i, rows, at);
        at += 1 + has_words(list->order[i]);
    }
}

/* A click or a turn of the wheel: keys are the whole screen's. */
static void key(void *state, const struct key *key) {
    const struct sessions *sessions = state;
    struct host *host = sessions->host;
    if (key->code == UI_WHEEL_UP || key->code == UI_WHEEL_DOWN) {
        list_move(host->list, key->code == UI_WHEEL_UP ? -3 : 3);
        return;
    }
    if (!area_has(sessions->rows, key->row, key->column))
        return;
    size_t row = row_at(host->list, (size_t)(key->row - sessions->rows.row));
    if (row >= host->list->count)
        return;
    list_select(host->list, row);
    if (key->code == UI_DOUBLE_CLICK)
        host->act(host, ACTION_ATTACH);
}

static bool live(const void *state) {
    const struct sessions *sessions = state;
    return sessions->rows.columns >= WITH_STATS;
}

static void take_stats(struct store_row *row, const json_t *state) {
    int64_t used = json_int_at(state, "cpu.usage"), now = loop_now();
    if (row->cpu_at && now > row->cpu_at && used >= row->cpu_time)
        row->cpu = (double)(used - row->cpu_time) / 1e4 / (double)(now - row->cpu_at);
    row->cpu_time = used;
    row->cpu_at = now;
    row->memory = json_int_at(state, "memory.usage");
}

/* Processor and memory of the rows that are in view and run: asked for all at once. */
static void fetch(void *state) {
    struct sessions *sessions = state;
    const struct list *list = sessions->host->list;
    int64_t now = loop_now();
    if (sessions->asked_at && now - sessions->asked_at < NOT_BEFORE_MS)
        return;
    sessions->asked_at = now;
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(strings_done) struct strings names = {0};
    for (size_t i = list->top; i < list->count && i < list->top + list->page; i++)
        if (str_equal(list->order[i]->session.status, "Running"))
            strings_add(&names, list->order[i]->session.name);
    _cleanup_free_ struct question *questions = mem_new((names.count + 1) * sizeof *questions);
    for (size_t i = 0; i < names.count; i++)
        questions[i].path = incus_path(NULL, "instances", names.items[i], "state", NULL);
    bool good = incus_ask_all(sessions->host->client, questions, names.count, &err);
    for (size_t i = 0; i < names.count; i++) {
        /* it may have gone meanwhile */
        struct store_row *row = store_find(sessions->host->store, names.items[i]);
        if (good && row && questions[i].metadata)
            take_stats(row, questions[i].metadata);
        question_done(&questions[i]);
    }
}

/* Of one that has become another since: its branch, and how many files differ. */
static void look_at_work(const struct host *host, const char *name) {
    struct store_row *row = store_find(host->store, name);
    _cleanup_(git_head_done) struct git_head head = {0};
    _cleanup_(diff_done) struct diff diff = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (!row || !row->moved || !*row->session.workspace)
        return;
    row->moved = false;
    bool repository = git_head_read(row->session.workspace, &head);
    str_set(&row->branch, repository ? head.branch : NULL);
    if (!repository || !*head.commit)
        return;
    _cleanup_free_ char *workspace = str_copy(row->session.workspace),
                        *commit = str_copy(row->session.commit);
    bool good = diff_load(host->loop, host->settings, workspace, commit, &diff, &ignored);
    row = store_find(host->store, name); /* it may have gone meanwhile */
    if (row)
        row->files = good ? (long)diff.files : -1;
}

static void fetch_work(const struct host *host) {
    const struct list *list = host->list;
    _cleanup_(strings_done) struct strings names = {0};
    for (size_t i = list->top; i < list->count && i < list->top + list->page; i++)
        if (!list->order[i]->session.foreign)
            strings_add(&names, list->order[i]->session.name);
    for (size_t i = 0; i < names.count && !host->over; i++)
        look_at_work(host, names.items[i]);
}

static void fetch_all(void *state) {
    struct sessions *sessions = state;
    fetch(sessions);
    if (sessions->rows.columns >= WITH_WORK)
        fetch_work(sessions->host);
}

const struct view view_sessions = {
    .enter = enter, .leave = free, .draw = draw, .key = key, .fetch = fetch_all, .live = live};
