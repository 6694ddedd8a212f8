/* What keys do, and what takes the daemon its time: each in a task of its own. */
#include "ui/app.h"

#include "session/conclude.h"
#include "session/ending.h"
#include "session/keep.h"
#include "session/name.h"

#include <string.h>

struct work {
    struct app *app;
    enum action action;
    struct strings names;
    struct session_row *rows; /* as they were when the key was pressed */
    struct records records;
};

static void work_free(struct work *work) {
    for (size_t i = 0; i < work->names.count; i++)
        session_row_done(&work->rows[i]);
    free(work->rows);
    strings_done(&work->names);
    records_done(&work->records);
    free(work);
}

/* Of a row what outlives the store's own. */
static struct session_row copy_of(const struct session_row *row) {
    return (struct session_row){.name = str_copy(row->name),
                                .status = str_copy(row->status),
                                .workspace = str_copy(row->workspace),
                                .ephemeral = row->ephemeral,
                                .persistent = row->persistent,
                                .kept_known = row->kept_known,
                                .foreign = row->foreign,
                                .code = row->code,
                                .slot = row->slot};
}

static bool runs(const struct session_row *row) {
    return !str_equal(row->status, "Stopped");
}

static bool is_kept(const struct work *work, size_t i) {
    return work->rows[i].foreign || keep_is_kept(&work->rows[i], &work->records);
}

/* What will become of each, for the question. */
static void describe(const struct work *work, struct strings *details) {
    for (size_t i = 0; i < work->names.count; i++) {
        const struct session_row *row = &work->rows[i];
        _cleanup_free_ char *whole = draw_path(row->workspace), *path = draw_shorten_left(whole, 30);
        const char *what = "";
        if (work->action == ACTION_DELETE)
            what = "deleted, with all that is not in the workspace";
        else if (work->action == ACTION_STOP)
            what = is_kept(work, i) ? "stopped and kept" : "ephemeral: deleted once it has stopped";
        else if (work->action == ACTION_RESTART)
            what = "what runs in it ends";
        strings_printf(details, "%s%s %s: %s", row->foreign ? "NOT A SESSION " : "", row->name, path, what);
    }
}

static bool is_asked(const struct work *work) {
    bool foreign = false, running = false;
    for (size_t i = 0; i < work->names.count; i++) {
        foreign |= work->rows[i].foreign;
        running |= runs(&work->rows[i]);
    }
    return foreign || work->action == ACTION_DELETE || work->action == ACTION_STOP ||
           (work->action == ACTION_RESTART && running);
}

static bool confirm(const struct work *work) {
    static const char *const verbs[] = {[ACTION_STOP] = "Stop",
                                        [ACTION_START] = "Start",
                                        [ACTION_RESTART] = "Restart",
                                        [ACTION_DELETE] = "Delete",
                                        [ACTION_PERSIST] = "Change"};
    _cleanup_(strings_done) struct strings details = {0};
    size_t count = work->names.count;
    if (!is_asked(work))
        return true;
    describe(work, &details);
    _cleanup_free_ char *question = count == 1
                                        ? str_printf("%s %s?", verbs[work->action], work->names.items[0])
                                        : str_printf("%s %zu sessions?", verbs[work->action], count);
    return app_ask(work->app, question, &details);
}

/* Stop and delete, all at once; the records of what is gone go too. */
static void end_all(const struct work *work, size_t *good, struct error *first) {
    size_t count = work->names.count;
    _cleanup_free_ struct ending *endings = mem_new((count + 1) * sizeof *endings);
    for (size_t i = 0; i < count; i++) {
        bool delete = work->action == ACTION_DELETE;
        endings[i] = (struct ending){
            .row = &work->rows[i], .force = delete, .timeout = 60, .remove = delete || !is_kept(work, i)};
    }
    bool waited = sessions_end(work->app->client, endings, count, first);
    for (size_t i = 0; i < count; i++) {
        *good += endings[i].done;
        if (endings[i].done && (endings[i].remove || work->rows[i].ephemeral))
            conclude_forget(work->names.items[i]);
        if (waited && !endings[i].done && first->class == ERROR_NONE)
            error_move(first, &endings[i].err);
        ending_done(&endings[i]);
    }
}

static bool do_one(const struct work *work, size_t i, struct error *err) {
    struct incus *client = work->app->client;
    const struct session_row *row = &work->rows[i];
    if (work->action == ACTION_PERSIST)
        return keep_change(client, row->name, !is_kept(work, i), &work->records, err);
    if (work->action == ACTION_START && str_equal(row->status, "Running"))
        return true;
    const char *change = work->action == ACTION_START || !runs(row) ? "start" : "restart";
    if (instance_change(client, row->name, change, false, 60, err))
        return true;
    _cleanup_free_ char *reason = instance_start_reason(client, row->name);
    if (reason && strstr(err->message, "forkstart"))
        error_hint(err, "its log says: %s", reason);
    return false;
}

static void summarize(const struct work *work, size_t good, const struct error *err) {
    static const char *const done[] = {[ACTION_STOP] = "stopped",
                                       [ACTION_START] = "started",
                                       [ACTION_RESTART] = "restarted",
                                       [ACTION_DELETE] = "deleted",
                                       [ACTION_PERSIST] = "changed"};
    struct app *app = work->app;
    size_t count = work->names.count;
    const char *word = done[work->action];
    if (work->action == ACTION_PERSIST && count == 1)
        word = is_kept(work, 0) ? "no longer persistent" : "persistent";
    if (err->class)
        app_error(app, err);
    else if (count == 1)
        app_say(app, STYLE_GOOD, "%s %s", work->names.items[0], word);
    if (count > 1)
        app_say(app, good == count ? STYLE_GOOD : STYLE_BAD, "%zu of %zu %s%s", good, count, word,
                good == count ? "" : "; the log (4) says why");
}

static void work_task(void *data) {
    struct work *work = data;
    struct app *app = work->app;
    _cleanup_(error_done) struct error first = {0};
    size_t good = 0;
    loop_interruptible(app->loop, true); /* what the daemon has begun goes on */
    records_load(&work->records);
    if (confirm(work)) {
        list_unmark_all(&app->list);
        if (work->action == ACTION_STOP || work->action == ACTION_DELETE)
            end_all(work, &good, &first);
        for (size_t i = 0;
             i < work->names.count && work->action != ACTION_STOP && work->action != ACTION_DELETE; i++) {
            _cleanup_(error_done) struct error err = {0};
            if (do_one(work, i, &err))
                good++;
            else if (first.class == ERROR_NONE)
                error_move(&first, &err);
            else
                log_error(&app->log, &err);
        }
        if (!app->over)
            summarize(work, good, &first);
    }
    work_free(work);
}

void actions_start(struct app *app, enum action action) {
    struct work *work = mem_new(sizeof *work);
    *work = (struct work){.app = app, .action = action};
    list_chosen(&app->list, &work->names);
    work->rows = mem_new((work->names.count + 1) * sizeof *work->rows);
    for (size_t i = 0; i < work->names.count; i++)
        work->rows[i] = copy_of(&store_find(&app->store, work->names.items[i])->session);
    if (work->names.count)
        task_start(app->loop, work_task, work);
    else
        work_free(work);
}

/* Goes into a session whose tmux lives; what became of it is said when it has been left. */
static void attach_now(struct app *app, const char *name, struct idmap_ids code) {
    _cleanup_(error_done) struct error err = {0};
    struct session_request request = {.settings = app->settings, .terminal = true};
    _cleanup_json_ json_t *environment = session_environment(&request);
    struct inside inside = {app->client, name, code, environment};
    app_enter(app, &inside);
}

void app_enter(struct app *app, const struct inside *inside) {
    _cleanup_(error_done) struct error err = {0}, concluding = {0};
    enum outcome outcome = OUTCOME_DETACHED;
    if (!app_lend(app)) { /* another session has the terminal */
        app_say(app, STYLE_WARNING, "%s runs; enter goes into it", inside->name);
        return;
    }
    int status = join_tmux(inside, &app->joint, &err);
    bool concluded = err.class != ERROR_DAEMON && session_conclude(inside, &outcome, &concluding);
    app_take(app);
    list_show(&app->list, inside->name);
    if (err.class == ERROR_DAEMON)
        app_error(app, &err);
    else if (!concluded)
        app_error(app, &concluding);
    else if (outcome == OUTCOME_DETACHED)
        app_say(app, status == 0 ? STYLE_PLAIN : STYLE_WARNING, "%s goes on%s", inside->name,
                status == 0 ? "" : "; leaving it ended with an error");
    else
        app_say(app, STYLE_PLAIN, "%s has ended (status %d) and is %s", inside->name, status,
                outcome == OUTCOME_REMOVED ? "removed" : "kept, stopped");
}

struct attach {
    struct app *app;
    struct session_row row;
};

/* The way of `berth shell --resume`, for a container that is named after its workspace. */
static bool reopen(struct app *app, const struct session_row *row) {
    _cleanup_free_ char *own = name_of(app->prefix, row->workspace, row->slot);
    if (!str_equal(own, row->name))
        return false;
    struct settings *settings = mem_new(sizeof *settings);
    struct session_request *request = mem_new(sizeof *request);
    settings_copy(settings, app->settings);
    *request = (struct session_request){.workspace = str_copy(row->workspace),
                                        .slot = row->slot,
                                        .resume = true,
                                        .session_id = record_new_id()};
    launch_begin(app, request, settings, true);
    return true;
}

static void attach_task(void *data) {
    struct attach *attach = data;
    struct app *app = attach->app;
    const struct session_row *row = &attach->row;
    _cleanup_(error_done) struct error err = {0};
    struct inside inside = {app->client, row->name, session_row_code(row, app->settings), NULL};
    bool alive = false;
    if (str_equal(row->status, "Running") && !tmux_alive(&inside, &alive, &err))
        app_error(app, &err);
    else if (alive)
        attach_now(app, row->name, inside.code);
    else if (str_equal(row->status, "Frozen"))
        app_say(app, STYLE_BAD, "%s is frozen: S lets it run again", row->name);
    else if (!reopen(app, row))
        app_say(app, STYLE_BAD, "%s has no tmux session to go into", row->name);
    app->attaching = false;
    session_row_done(&attach->row);
    free(attach);
}

void actions_attach(struct app *app) {
    const struct store_row *row = list_current(&app->list);
    if (!row || app->attaching)
        return;
    if (row->session.foreign) {
        app_say(app, STYLE_WARNING, "%s is no session; berth container exec %s -- bash is a way in",
                row->session.name, row->session.name);
        return;
    }
    struct attach *attach = mem_new(sizeof *attach);
    *attach = (struct attach){app, copy_of(&row->session)};
    app->attaching = true;
    task_start(app->loop, attach_task, attach);
}

static void open_line(struct app *app, const struct layer *layer, const char *text) {
    field_set(&app->line, text);
    app_open_layer(app, layer);
}

static void clear(struct app *app) {
    if (*app->list.filter)
        list_filter(&app->list, "");
    else
        list_unmark_all(&app->list);
}

static void mark(struct app *app) {
    const struct store_row *row = list_current(&app->list);
    if (!row)
        return;
    list_mark(&app->list, row->session.name);
    list_move(&app->list, 1);
}

static void choose_tab(struct app *app, int tab) {
    app->tab = (enum tab)((tab + TABS) % TABS);
    app->scroll = 0;
    app_show_tab(app);
}

static void move(struct app *app, enum action action) {
    long page = (long)app->list.page;
    const long steps[] = {[ACTION_UP] = -1,
                          [ACTION_DOWN] = 1,
                          [ACTION_TOP] = -1000000,
                          [ACTION_BOTTOM] = 1000000,
                          [ACTION_PAGE_UP] = -page,
                          [ACTION_PAGE_DOWN] = page,
                          [ACTION_HALF_UP] = -(page + 1) / 2,
                          [ACTION_HALF_DOWN] = (page + 1) / 2};
    list_move(&app->list, steps[action]);
}

/* What only changes what is shown. */
static void show(struct app *app, enum action action) {
    switch (action) {
    case ACTION_FILTER:
        open_line(app, &layer_filter, app->list.filter);
        break;
    case ACTION_COMMAND:
        open_line(app, &layer_command, "");
        break;
    case ACTION_CLEAR:
        clear(app);
        break;
    case ACTION_SORT:
        app->list.sort = (app->list.sort + 1) % COLUMNS_SORTED;
        list_refresh(&app->list);
        break;
    case ACTION_REVERSE:
        app->list.reverse = !app->list.reverse;
        list_refresh(&app->list);
        break;
    case ACTION_FOREIGN:
        app->list.foreign = !app->list.foreign;
        list_refresh(&app->list);
        break;
    case ACTION_NEXT_TAB:
        choose_tab(app, (int)app->tab + 1);
        break;
    case ACTION_PREVIOUS_TAB:
        choose_tab(app, (int)app->tab - 1);
        break;
    case ACTION_PANE_UP:
        app->scroll += app->tab == TAB_PROCESSES ? (app->scroll ? (size_t)-1 : 0) : 1;
        break;
    case ACTION_PANE_DOWN:
        app->scroll = app->tab == TAB_PROCESSES ? app->scroll + 1 : app->scroll ? app->scroll - 1 : 0;
        break;
    case ACTION_IDMAP:
        app_open_layer(app, &layer_idmap);
        app_show_tab(app);
        break;
    case ACTION_HELP:
        app->scroll = 0;
        app_open_layer(app, &layer_help);
        break;
    default:
        break;
    }
}

void app_act(struct app *app, enum action action) {
    if (action >= ACTION_UP && action <= ACTION_HALF_DOWN)
        move(app, action);
    else if (action >= ACTION_TAB_MAPPING && action <= ACTION_TAB_PROCESSES)
        choose_tab(app, (int)(action - ACTION_TAB_MAPPING));
    else if (action >= ACTION_STOP && action <= ACTION_PERSIST)
        actions_start(app, action);
    else if (action == ACTION_ATTACH)
        actions_attach(app);
    else if (action == ACTION_NEW || action == ACTION_RUN)
        form_open(app, action == ACTION_NEW);
    else if (action == ACTION_MARK)
        mark(app);
    else if (action == ACTION_COPY)
        mapping_copy(app, &app->mapping, app->shown);
    else if (action == ACTION_SUSPEND)
        term_suspend();
    else if (action == ACTION_QUIT)
        launch_may_quit(app);
    else
        show(app, action);
    app_redraw(app);
}
