#include "ui/attention.h"

#include "base/process.h"
#include "base/time.h"

#include <string.h>

/* How long a user's program may take. */
#define PROGRAM_MS 60000

static bool wants(const struct store_row *row, int64_t now) {
    return row->activity && !row->muted && !row->session.foreign && activity_wants(row->activity, now);
}

size_t attention_count(const struct app *app) {
    int64_t now = time_now_ms();
    size_t count = 0;
    const struct store_row *row;
    for (size_t i = 0; (row = daemons_row(&app->host.daemons, i)); i++)
        count += wants(row, now);
    return count;
}

static int64_t since_of(const struct store_row *row, int64_t now) {
    int64_t since;
    activity_status(row->activity, now, &since);
    return since;
}

/* Whether `a` has waited longer; the name decides between equals. */
static bool is_before(const struct store_row *a, const struct store_row *b, int64_t now) {
    int64_t first = since_of(a, now), second = since_of(b, now);
    return first != second ? first < second : strcmp(a->key, b->key) < 0;
}

const char *attention_next(const struct app *app) {
    int64_t now = time_now_ms();
    const struct store_row *here = list_current(&app->list), *first = NULL, *next = NULL;
    if (here && !wants(here, now))
        here = NULL;
    const struct store_row *row;
    for (size_t i = 0; (row = daemons_row(&app->host.daemons, i)); i++) {
        if (!wants(row, now))
            continue;
        if (!first || is_before(row, first, now))
            first = row;
        if (here && is_before(here, row, now) && (!next || is_before(row, next, now)))
            next = row;
    }
    const struct store_row *to = next ? next : first;
    return to ? to->key : NULL;
}

struct told {
    struct host *host;
    struct strings argv;
};

/* The user's program: its name, its workspace, the reason. What it says is not shown, that it failed is. */
static void run_program(void *data) {
    struct told *told = data;
    _cleanup_(error_done) struct error err = {0};
    static const struct process_capture nothing = {.timeout = PROGRAM_MS};
    int status = 0;
    loop_interruptible(told->host->loop, true);
    if (!process_capture(told->host->loop, told->argv.items, &nothing, &status, &err))
        log_error(told->host->log, &err);
    else if (status)
        log_add(told->host->log, LOG_ERROR, "%s ended with status %d", told->argv.items[0],
                process_status(status));
    strings_done(&told->argv);
    free(told);
}

static void tell(struct app *app, struct store_row *row, int64_t now) {
    const struct settings *settings = app->host.settings;
    const char *program = settings_text(settings, SETTING_ON_ATTENTION);
    _cleanup_free_ char *reason = activity_reason(row->activity, now),
                        *path = draw_path(row->session.workspace),
                        *words = str_printf("%s (%s): %s", path, row->key, reason);
    log_add(&app->log, LOG_NOTE, "wants something: %s", words);
    if (settings_bool(settings, SETTING_ATTENTION) && !app->lent)
        term_notify(words);
    if (!*program)
        return;
    struct told *told = mem_new(sizeof *told);
    told->host = &app->host;
    strings_add_all(&told->argv, program, row->key, row->session.workspace, reason, NULL);
    task_start(app->host.loop, run_program, told);
}

static void due(void *data) {
    struct app *app = data;
    app->attention = NULL;
    attention_refresh(app);
}

/*
 * Each reason is told once, when it has lasted for the delay and nobody looks: neither at it, nor at all.
 */
void attention_refresh(struct app *app) {
    int64_t now = time_now_ms(), next = 0;
    int64_t delay = 1000L * settings_id(app->host.settings, SETTING_ATTENTION_DELAY);
    timer_stop(app->attention);
    app->attention = NULL;
    struct store_row *row;
    for (size_t i = 0; (row = daemons_row(&app->host.daemons, i)) && !app->host.over; i++) {
        if (!wants(row, now))
            continue;
        int64_t since = since_of(row, now), at = since + delay;
        if (since == row->told_of || app->host.focused)
            continue;
        if (at <= now) {
            row->told_of = since;
            tell(app, row, now);
        } else if (!next || at < next) {
            next = at;
        }
    }
    if (next)
        app->attention = loop_timer(app->host.loop, (long)(next - now), due, app);
}

void attention_stop(struct app *app) {
    timer_stop(app->attention);
    app->attention = NULL;
}
