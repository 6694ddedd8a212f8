#include "ui/manage.h"

#include "launch/owner.h"
#include "session/persist.h"
#include "session/stop.h"

#include <string.h>

/* What was asked for, of sessions of one daemon or of several. */
struct work {
    struct host *host;
    enum action action;
    struct incus *client; /* of all of them, once they have been divided by it */
    struct session *rows; /* as they were when the key was pressed */
    struct strings keys;  /* of each */
    struct records records;
};

static void work_free(struct work *work) {
    for (size_t i = 0; i < work->keys.count; i++)
        session_done(&work->rows[i]);
    free(work->rows);
    strings_done(&work->keys);
    records_done(&work->records);
    free(work);
}

static struct work *work_new(struct host *host, enum action action, size_t room) {
    struct work *work = mem_new(sizeof *work);
    *work = (struct work){.host = host, .action = action, .rows = mem_new((room + 1) * sizeof *work->rows)};
    return work;
}

static bool runs(const struct session *row) {
    return !str_equal(row->status, "Stopped");
}

/* What will become of each, for the question. */
static void describe(const struct work *work, struct strings *details) {
    for (size_t i = 0; i < work->keys.count; i++) {
        const struct session *row = &work->rows[i];
        _cleanup_free_ char *whole = draw_path(row->workspace), *path = draw_shorten_left(whole, 30);
        const char *what = "";
        if (work->action == ACTION_DELETE)
            what = "deleted, with all that is not in the workspace";
        else if (work->action == ACTION_STOP)
            what = work->rows[i].persistent ? "stopped and kept" : "ephemeral: deleted once it has stopped";
        else if (work->action == ACTION_RESTART)
            what = "what runs in it ends";
        strings_printf(details, "%s%s %s: %s", row->foreign ? "NOT A SESSION " : "", work->keys.items[i],
                       path, what);
    }
}

static bool is_asked(const struct work *work) {
    bool foreign = false, running = false;
    for (size_t i = 0; i < work->keys.count; i++) {
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
    size_t count = work->keys.count;
    if (!is_asked(work))
        return true;
    describe(work, &details);
    _cleanup_free_ char *question = count == 1
                                        ? str_printf("%s %s?", verbs[work->action], work->keys.items[0])
                                        : str_printf("%s %zu sessions?", verbs[work->action], count);
    return work->host->ask(work->host, question, &details);
}

/* Stop and delete, all at once. */
static void end_all(const struct work *work, size_t *good, struct error *first) {
    size_t count = work->keys.count;
    _cleanup_free_ struct stop *stops = mem_new((count + 1) * sizeof *stops);
    for (size_t i = 0; i < count; i++) {
        bool delete = work->action == ACTION_DELETE;
        stops[i] = (struct stop){.session = &work->rows[i],
                                 .force = delete,
                                 .timeout = 60,
                                 .remove = delete || !work->rows[i].persistent,
                                 .keep = work->host->settings};
    }
    bool waited = stop_sessions(work->client, stops, count, first);
    for (size_t i = 0; i < count; i++) {
        *good += stops[i].done;
        if (waited && !stops[i].done && first->class == ERROR_NONE)
            error_move(first, &stops[i].err);
        stop_done(&stops[i]);
    }
}

static bool do_one(const struct work *work, size_t i, struct error *err) {
    struct incus *client = work->client;
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
    size_t count = work->keys.count;
    const char *word = done[work->action];
    if (work->action == ACTION_PERSIST && count == 1)
        word = work->rows[0].persistent ? "no longer persistent" : "persistent";
    if (err->class)
        host->error(host, err);
    else if (count == 1)
        host->say(host, STYLE_GOOD, "%s %s", work->keys.items[0], word);
    if (count > 1)
        host->say(host, good == count ? STYLE_GOOD : STYLE_BAD, "%zu of %zu %s%s", good, count, word,
                  good == count ? "" : "; the log (4) says why");
}

/* Of one daemon. */
static void part_task(void *data) {
    struct work *work = data;
    struct host *host = work->host;
    _cleanup_(error_done) struct error first = {0};
    size_t good = 0;
    loop_interruptible(host->loop, true); /* what the daemon has begun goes on */
    work->records.remote = incus_remote(work->client);
    records_load(&work->records);
    if (work->action == ACTION_STOP || work->action == ACTION_DELETE)
        end_all(work, &good, &first);
    for (size_t i = 0; i < work->keys.count && work->action != ACTION_STOP && work->action != ACTION_DELETE;
         i++) {
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
    work_free(work);
}

/* Each daemon's share is a task of its own: none waits for another. */
static void divide(const struct work *work) {
    struct host *host = work->host;
    for (size_t i = 0; i < host->daemons.count; i++) {
        const struct daemon *daemon = host->daemons.items[i];
        struct work *part = work_new(host, work->action, work->keys.count);
        part->client = daemon->client;
        for (size_t j = 0; j < work->keys.count; j++) {
            if (daemons_of(&host->daemons, work->keys.items[j]) != daemon)
                continue;
            part->rows[part->keys.count] = session_copy(&work->rows[j]);
            strings_add(&part->keys, work->keys.items[j]);
        }
        if (part->keys.count)
            task_start(host->loop, part_task, part);
        else
            work_free(part);
    }
}

static void work_task(void *data) {
    struct work *work = data;
    loop_interruptible(work->host->loop, true);
    if (confirm(work)) {
        marks_clear(&work->host->list->marks);
        divide(work);
    }
    work_free(work);
}

void manage_start(struct host *host, enum action action) {
    _cleanup_(strings_done) struct strings keys = {0};
    list_chosen(host->list, &keys);
    struct work *work = work_new(host, action, keys.count);
    for (size_t i = 0; i < keys.count; i++) {
        const struct store_row *row = daemons_find(&host->daemons, keys.items[i]);
        if (!row)
            continue;
        work->rows[work->keys.count] = session_copy(&row->session);
        strings_add(&work->keys, keys.items[i]);
    }
    if (work->keys.count)
        task_start(host->loop, work_task, work);
    else
        work_free(work);
}

struct orphans {
    struct host *host;
    struct strings keys;
};

static void orphans_task(void *data) {
    struct orphans *orphans = data;
    struct host *host = orphans->host;
    for (size_t i = 0; i < orphans->keys.count && !host->over; i++) {
        const char *key = orphans->keys.items[i], *name = daemons_name(key);
        struct incus *client = host_client(host, key);
        _cleanup_(error_done) struct error err = {0};
        const struct store_row *row = daemons_find(&host->daemons, key);
        /* what a run has just ended is no orphan: its berth has asked for its end */
        if (!row || row->busy || instance_is_ending(client, name))
            continue;
        if (owner_remove_orphan(client, name, row->session.status, &err))
            host->say(host, STYLE_WARNING, "%s is orphaned: its berth has died; removing it", name);
        else
            log_error(host->log, &err);
    }
    strings_done(&orphans->keys);
    free(orphans);
}

void manage_orphans(struct host *host) {
    struct orphans *orphans = NULL;
    struct store_row *row;
    for (size_t i = 0; (row = daemons_row(&host->daemons, i)); i++) {
        if (!row->session.orphaned || row->removing || row->busy)
            continue;
        row->removing = true;
        if (!orphans) {
            orphans = mem_new(sizeof *orphans);
            orphans->host = host;
        }
        strings_add(&orphans->keys, row->key);
    }
    if (orphans)
        task_start(host->loop, orphans_task, orphans);
}
