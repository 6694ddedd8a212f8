#include "ui/view/sessions_row.h"

#include "base/time.h"

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
#define MACHINE_WIDTH 11
#define MARGIN        3 /* cursor and mark */
/* From which width on a column is there. */
#define WITH_MAPPING 46
#define WITH_MACHINE 56
#define WITH_STATS   88
#define WITH_WORK    96

struct columns columns_arrange(int width, bool several_machines) {
    bool machine = several_machines && width >= WITH_MACHINE;
    int left = width - (machine ? MACHINE_WIDTH : 0);
    struct columns columns = {.mapping = width >= WITH_MAPPING,
                              .stats = left >= WITH_STATS,
                              .work = left >= WITH_WORK,
                              .machine = machine};
    columns.workspace = width - MARGIN - SLOT_WIDTH - STATE_WIDTH - UPTIME_WIDTH -
                        (columns.mapping ? MAPPING_WIDTH : 0) - (machine ? MACHINE_WIDTH : 0) -
                        (columns.stats ? CPU_WIDTH + MEMORY_WIDTH : 0) -
                        (columns.work ? PROGRAM_WIDTH + BRANCH_WIDTH + FILES_WIDTH : 0) - 1;
    return columns;
}

void columns_draw(const struct list *list, const struct columns *columns, struct area area) {
    static const char *const words[] = {"WORKSPACE", "SLOT", "STATE", "MAPPING", "UP", "MACHINE"};
    int column = MARGIN;
    const int widths[] = {columns->workspace, SLOT_WIDTH,
                          STATE_WIDTH,        columns->mapping ? MAPPING_WIDTH : 0,
                          UPTIME_WIDTH,       columns->machine ? MACHINE_WIDTH : 0};
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
    if (row->silent)
        return str_printf("%s no answer", theme_glyph(GLYPH_NO));
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
static void draw_found(struct area area, int row, int column, const char *text, const char *wanted) {
    const char *found = *wanted ? strcasestr(text, wanted) : NULL;
    if (!found)
        return;
    _cleanup_free_ char *left = str_copy_n(text, (size_t)(found - text)),
                        *match = str_copy_n(found, strlen(wanted));
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

void sessions_row_draw(const struct host *host, const struct columns *columns, size_t index,
                       struct area area, int at) {
    const struct list *list = host->list;
    const struct store_row *row = list->order[index];
    const struct session *session = &row->session;
    bool selected = index == list->cursor, marked = marks_has(&list->marks, row->key);
    bool faint = session->foreign || store_row_is_away(row);
    enum style plain = selected ? STYLE_SELECTED : faint ? STYLE_DIM : STYLE_PLAIN;
    if (selected)
        draw_bar(area, at, STYLE_SELECTED);
    draw_text(area, at, 0, plain, selected ? theme_glyph(GLYPH_CURSOR) : " ");
    draw_text(area, at, 1, selected ? plain : STYLE_STRONG, marked ? theme_glyph(GLYPH_MARK) : " ");
    /* "nodeb:/srv/app": the machine has a column of its own */
    const char *root = columns->machine ? strstr(session->workspace, ":/") : NULL;
    _cleanup_free_ char *path = session->foreign || !*session->workspace
                                    ? str_copy(session->name)
                                    : draw_path(root ? root + 1 : session->workspace),
                        *shown = draw_shorten_left(path, columns->workspace - 1), *state = state_text(row),
                        *mapping = list_mapping(session);
    int column = MARGIN;
    draw_text(area, at, column, plain, shown);
    draw_found(area, at, column, shown, list->filter);
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
    column += UPTIME_WIDTH;
    if (columns->machine) {
        _cleanup_free_ char *machine = daemons_machine(&host->daemons, row),
                            *fits = draw_shorten(machine, MACHINE_WIDTH - 1);
        draw_text(area, at, column, plain, fits);
        if (*list->filter == '@' && list->filter[1])
            draw_found(area, at, column, fits, list->filter + 1);
        column += MACHINE_WIDTH;
    }
    if (columns->stats)
        draw_stats(row, area, at, column, plain);
    if (columns->work)
        draw_work(row, area, at, column + CPU_WIDTH + MEMORY_WIDTH, plain);
    if (has_words(row))
        draw_format(area, at + 1, MARGIN, faint ? STYLE_DIM : state_style(row), "  %s", row->at);
}

size_t sessions_row_lines(const struct store_row *row) {
    return has_words(row) ? 2 : 1;
}
