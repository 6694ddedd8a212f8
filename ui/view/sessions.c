/* The list of sessions. */
#include "guard/head.h"
#include "session/diff.h"
#include "ui/view/sessions_row.h"

/* How often statistics are asked for, at the most. */
#define NOT_BEFORE_MS 1900
#define PATIENCE_MS   3000

struct asked;

struct sessions {
    struct host *host;
    struct area rows;       /* where they stood in the last frame */
    struct columns columns; /* of that */
    int64_t asked_at;       /* for statistics, as loop_now() */
    struct asked *asked;    /* under way */
};

static void *enter(struct host *host, const void *argument) {
    struct sessions *sessions = mem_new(sizeof *sessions);
    (void)argument;
    sessions->host = host;
    return sessions;
}

static size_t lines_of(const struct list *list, size_t from, size_t to) {
    size_t lines = 0;
    for (size_t i = from; i < to; i++)
        lines += sessions_row_lines(list->order[i]);
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
        end += sessions_row_lines(list->order[row]);
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
    sessions->columns = columns_arrange(inside.columns, daemons_several(&sessions->host->daemons));
    rows.row++;
    rows.rows--;
    sessions->rows = rows;
    place(list, rows.rows > 0 ? (size_t)rows.rows : 0);
    draw_title(list, area);
    columns_draw(list, &sessions->columns, inside);
    if (list->count == 0)
        draw_empty(sessions->host, inside);
    int at = 0;
    for (size_t i = list->top; at < rows.rows && i < list->count; i++) {
        sessions_row_draw(sessions->host, &sessions->columns, i, rows, at);
        at += (int)sessions_row_lines(list->order[i]);
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
    return sessions->columns.stats;
}

static void take_stats(struct store_row *row, const json_t *state) {
    int64_t used = json_int_at(state, "cpu.usage"), now = loop_now();
    if (row->cpu_at && now > row->cpu_at && used >= row->cpu_time)
        row->cpu = (double)(used - row->cpu_time) / 1e4 / (double)(now - row->cpu_at);
    row->cpu_time = used;
    row->cpu_at = now;
    row->memory = json_int_at(state, "memory.usage");
}

/* What is asked of one machine, for all its rows in view. */
struct asked {
    struct asked *next;
    struct sessions *sessions;
    char *machine;
    struct strings keys;
    struct question *questions;
    struct asking *asking;
};

static void asked_free(struct asked *asked) {
    struct asked **at = &asked->sessions->asked;
    while (*at != asked)
        at = &(*at)->next;
    *at = asked->next;
    asking_drop(asked->asking);
    questions_done(asked->questions, asked->keys.count);
    free(asked->questions);
    strings_done(&asked->keys);
    free(asked->machine);
    free(asked);
}

static void stats_came(void *data) {
    struct asked *asked = data;
    struct host *host = asked->sessions->host;
    asked->asking = NULL;
    for (size_t i = 0; i < asked->keys.count; i++) {
        /* it may have gone meanwhile */
        struct store_row *row = daemons_find(&host->daemons, asked->keys.items[i]);
        if (row && asked->questions[i].metadata)
            take_stats(row, asked->questions[i].metadata);
    }
    asked_free(asked);
    host->redraw(host);
}

static bool is_asked(const struct sessions *sessions, const char *machine) {
    for (const struct asked *asked = sessions->asked; asked; asked = asked->next)
        if (str_equal(asked->machine, machine))
            return true;
    return false;
}

/* Those in view that run on the machine of the row at `first`, from there on. */
static void ask_machine(struct sessions *sessions, size_t first, const char *machine) {
    const struct list *list = sessions->host->list;
    struct asked *asked = mem_new(sizeof *asked);
    *asked = (struct asked){.next = sessions->asked, .sessions = sessions, .machine = str_copy(machine)};
    sessions->asked = asked;
    for (size_t i = first; i < list->count && i < list->top + list->page; i++) {
        _cleanup_free_ char *other = daemons_machine(&sessions->host->daemons, list->order[i]);
        if (str_equal(list->order[i]->session.status, "Running") && str_equal(other, machine))
            strings_add(&asked->keys, list->order[i]->key);
    }
    asked->questions = mem_new((asked->keys.count + 1) * sizeof *asked->questions);
    for (size_t i = 0; i < asked->keys.count; i++) {
        asked->questions[i].path =
            incus_path(NULL, "instances", daemons_name(asked->keys.items[i]), "state", NULL);
        asked->questions[i].patience_ms = PATIENCE_MS;
    }
    asked->asking = incus_ask(host_client(sessions->host, list->order[first]->key), asked->questions,
                              asked->keys.count, stats_came, asked);
}

/*
 * Processor and memory of the rows that are in view and run: of each machine asked for all at once, and not
 * waited for.
 */
static void fetch(struct sessions *sessions) {
    const struct list *list = sessions->host->list;
    _cleanup_(strings_done) struct strings seen = {0};
    int64_t now = loop_now();
    if (sessions->asked_at && now - sessions->asked_at < NOT_BEFORE_MS)
        return;
    sessions->asked_at = now;
    for (size_t i = list->top; i < list->count && i < list->top + list->page; i++) {
        const struct store_row *row = list->order[i];
        if (!str_equal(row->session.status, "Running") || store_row_is_away(row))
            continue;
        _cleanup_free_ char *machine = daemons_machine(&sessions->host->daemons, row);
        if (strings_has(&seen, machine) || is_asked(sessions, machine))
            continue;
        strings_add(&seen, machine);
        ask_machine(sessions, i, machine);
    }
}

/* Of one that has become another since: its branch, and how many files differ. */
static void look_at_work(const struct host *host, const char *name) {
    struct store_row *row = daemons_find(&host->daemons, name);
    _cleanup_(git_head_done) struct git_head head = {0};
    _cleanup_(diff_done) struct diff diff = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (!row || !row->moved || row->session.elsewhere || !*row->session.workspace)
        return;
    row->moved = false;
    bool repository = git_head_read(row->session.workspace, &head);
    str_set(&row->branch, repository ? head.branch : NULL);
    if (!repository || !*head.commit)
        return;
    _cleanup_free_ char *workspace = str_copy(row->session.workspace),
                        *commit = str_copy(row->session.commit);
    bool good = diff_load(host->loop, host->settings, workspace, commit, &diff, &ignored);
    row = daemons_find(&host->daemons, name); /* it may have gone meanwhile */
    if (row)
        row->files = good ? (long)diff.files : -1;
}

static void fetch_work(const struct host *host) {
    const struct list *list = host->list;
    _cleanup_(strings_done) struct strings names = {0};
    for (size_t i = list->top; i < list->count && i < list->top + list->page; i++)
        if (!list->order[i]->session.foreign)
            strings_add(&names, list->order[i]->key);
    for (size_t i = 0; i < names.count && !host->over; i++)
        look_at_work(host, names.items[i]);
}

static void fetch_all(void *state) {
    struct sessions *sessions = state;
    fetch(sessions);
    if (sessions->columns.work)
        fetch_work(sessions->host);
}

static void leave(void *state) {
    struct sessions *sessions = state;
    for (struct asked *asked = sessions->asked, *next; asked; asked = next) {
        next = asked->next;
        asked_free(asked);
    }
    free(sessions);
}

const struct view view_sessions = {
    .enter = enter, .leave = leave, .draw = draw, .key = key, .fetch = fetch_all, .live = live};
