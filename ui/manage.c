#include "ui/manage.h"

#include "launch/owner.h"
#include "session/persist.h"
#include "session/stop.h"

#include <string.h>

struct work {
    struct host *host;
    enum action action;
    struct strings names;
    struct session *rows; /* as they were when the key was pressed */
    struct records records;
};

static void work_free(struct work *work) {
    for (size_t i = 0; i < work->names.count; i++)
        session_done(&work->rows[i]);
    free(work->rows);
    strings_done(&work->names);
    records_done(&work->records);
    free(work);
}

static bool runs(const struct session *row) {
    return !str_equal(row->status, "Stopped");
}

/* What will become of each, for the question. */
static void describe(const struct work *work, struct strings *details) {
    for (size_t i = 0; i < work->names.count; i++) {
        const struct session *row = &work->rows[i];
        _cleanup_free_ char *whole = draw_path(row->workspace), *path = draw_shorten_left(whole, 30);
        const char *what = "";
        if (work->action == ACTION_DELETE)
            what = "deleted, with all that is not in the workspace";
        else if (work->action == ACTION_STOP)
            what = work->rows[i].persistent ? "stopped and kept" : "ephemeral: deleted once it has stopped";
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
    return work->host->ask(work->host, question, &details);
}

/* Stop and delete, all at once. */
static void end_all(const struct work *work, size_t *good, struct error *first) {
    size_t count = work->names.count;
    _cleanup_free_ struct stop *stops = mem_new((count + 1) * sizeof *stops);
    for (size_t i = 0; i < count; i++) {
        bool delete = work->action == ACTION_DELETE;
        stops[i] = (struct stop){.session = &work->rows[i],
                                 .force = delete,
                                 .timeout = 60,
                                 .remove = delete || !work->rows[i].persistent,
                                 .keep = work->host->settings};
    }
    bool waited = stop_sessions(work->host->client, stops, count, first);
    for (size_t i = 0; i < count; i++) {
        *good += stops[i].done;
        if (waited && !stops[i].done && first->class == ERROR_NONE)
            error_move(first, &stops[i].err);
        stop_done(&stops[i]);
    }
}

static bool do_one(const struct work *work, size_t i, struct error *err) {
    struct incus *client = work->host->client;
    const struct session *row = &work->rows[i];
    if (work->action == ACTION_PERSIST)
        return persist_change(client, row->name, !work->rows[i].persistent, &work->records, err);
    if (work->action == ACTION_START && str_equal(row->status, "Running"))
        return true;
    const char *change = str_equal(row->status, "Frozen")             ? "unfreeze"
                         : work->action == ACTION_START || !runs(row) ? "start"
                                                                      : "restart";
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
    struct host *host = work->host;
    size_t count = work->names.count;
    const char *word = done[work->action];
    if (work->action == ACTION_PERSIST && count == 1)
        word = work->rows[0].persistent ? "no longer persistent" : "persistent";
    if (err->class)
        host->error(host, err);
    else if (count == 1)
        host->say(host, STYLE_GOOD, "%s %s", work->names.items[0], word);
    if (count > 1)
        host->say(host, good == count ? STYLE_GOOD : STYLE_BAD, "%zu of %zu %s%s", good, count, word,
                  good == count ? "" : "; the log (4) says why");
}

static void work_task(void *data) {
    struct work *work = data;
    struct host *host = work->host;
    _cleanup_(error_done) struct error first = {0};
    size_t good = 0;
    loop_interruptible(host->loop, true); /* what the daemon has begun goes on */
    work->records.remote = incus_remote(host->client);
    records_load(&work->records);
    if (confirm(work)) {
        marks_clear(&host->list->marks);
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
                log_error(host->log, &err);
        }
        if (!host->over)
            summarize(work, good, &first);
    }
    work_free(work);
}

void manage_start(struct host *host, enum action action) {
    struct work *work = mem_new(sizeof *work);
    *work = (struct work){.host = host, .action = action};
    list_chosen(host->list, &work->names);
    work->rows = mem_new((work->names.count + 1) * sizeof *work->rows);
    for (size_t i = 0; i < work->names.count; i++)
        work->rows[i] = session_copy(&store_find(host->store, work->names.items[i])->session);
    if (work->names.count)
        task_start(host->loop, work_task, work);
    else
        work_free(work);
}

struct orphans {
    struct host *host;
    struct strings names;
};

static void orphans_task(void *data) {
    struct orphans *orphans = data;
    struct host *host = orphans->host;
    for (size_t i = 0; i < orphans->names.count && !host->over; i++) {
        const char *name = orphans->names.items[i];
        _cleanup_(error_done) struct error err = {0};
        const struct store_row *row = store_find(host->store, name);
        /* what a run has just ended is no orphan: its berth has asked for its end */
        if (!row || row->busy || instance_is_ending(host->client, name))
            continue;
        if (owner_remove_orphan(host->client, name, row->session.status, &err))
            host->say(host, STYLE_WARNING, "%s is orphaned: its berth has died; removing it", name);
        else
            log_error(host->log, &err);
    }
    strings_done(&orphans->names);
    free(orphans);
}

void manage_orphans(struct host *host) {
    struct orphans *orphans = NULL;
    for (size_t i = 0; i < host->store->count; i++) {
        struct store_row *row = host->store->rows[i];
        if (!row->session.orphaned || row->removing || row->busy)
            continue;
        row->removing = true;
        if (!orphans) {
            orphans = mem_new(sizeof *orphans);
            orphans->host = host;
        }
        strings_add(&orphans->names, row->session.name);
    }
    if (orphans)
        task_start(host->loop, orphans_task, orphans);
}
