#include "session/stop.h"

#include "guard/check.h"
#include "launch/reaper.h"
#include "record/record.h"
#include "session/data.h"

#include <string.h>
#include <unistd.h>

/* How long a removal that was begun is tried when berth has died in it, and how often. */
#define PATIENCE_MS 60000
#define RETRY_MS    200

/* The daemon's words for a container that stopped in the meantime. */
#define WORDS_STOPPED "already stopped"

struct step {
    struct incus *client;
    struct stop *stop;
    struct operation *operation;
    bool killing; /* because the shutdown took too long */
    int reaper;   /* sees the removal through; -1: none */
    size_t *left;
    bool *all_done;
};

void stop_done(struct stop *stop) {
    error_done(&stop->err);
}

/* A removal that was begun goes on without us, when the daemon that took no part in its end is back. */
static bool is_left_to_reaper(const struct stop *stop, int reaper) {
    return reaper >= 0 && stop->remove && stop->force && stop->err.class == ERROR_DAEMON;
}

static void over(struct step *step) {
    if (is_left_to_reaper(step->stop, step->reaper))
        error_hint(&step->stop->err, "%s is removed when the daemon is back", step->stop->session->name);
    step->stop->done = step->stop->err.class == ERROR_NONE;
    *step->all_done = --*step->left == 0;
}

/* Another client was faster: what was wanted is so. */
static bool is_gone(struct error *err) {
    if (err->code != 404)
        return false;
    error_done(err);
    return true;
}

static void removed(void *data, const json_t *metadata, struct error *err) {
    struct step *step = data;
    (void)metadata;
    step->operation = NULL;
    if (!is_gone(err))
        error_move(&step->stop->err, err);
    over(step);
}

static void remove_it(struct step *step) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", step->stop->session->name, NULL);
    step->operation = operation_start(step->client, "DELETE", path, NULL, NULL, removed, step);
}

static void stop_it(struct step *step);

static void stopped(void *data, const json_t *metadata, struct error *err) {
    struct step *step = data;
    const struct stop *stop = step->stop;
    (void)metadata;
    step->operation = NULL;
    if (is_gone(err)) {
        over(step);
    } else if (err->class == ERROR_FAILED && !stop->force && !step->killing &&
               !strstr(err->message, WORDS_STOPPED)) {
        /* it did not shut down in its time */
        error_done(err);
        step->killing = true;
        stop_it(step);
    } else if (err->class != ERROR_NONE && !strstr(err->message, WORDS_STOPPED)) {
        error_move(&step->stop->err, err);
        over(step);
    } else if (stop->remove && !stop->session->ephemeral) {
        error_done(err);
        remove_it(step);
    } else {
        error_done(err);
        over(step); /* an ephemeral one the daemon deletes by itself */
    }
}

static void stop_it(struct step *step) {
    const struct stop *stop = step->stop;
    bool force = stop->force || step->killing;
    _cleanup_free_ char *path = incus_path(NULL, "instances", stop->session->name, "state", NULL);
    _cleanup_json_ json_t *body = json_pack("{s:s, s:b, s:I}", "action", "stop", "force", force, "timeout",
                                            (json_int_t)(force ? -1 : stop->timeout));
    step->operation = operation_start(step->client, "PUT", path, body, NULL, stopped, step);
}

static bool is_removed(const struct stop *stop) {
    return stop->remove || stop->session->ephemeral;
}

static void see_through_one(struct incus *client, const char *name) {
    for (int64_t begin = loop_now(); loop_now() - begin < PATIENCE_MS;) {
        _cleanup_(error_done) struct error err = {0}, ignored = {0};
        if (instance_destroy(client, name, &err)) {
            records_forget(incus_remote(client), name);
            return;
        }
        if (!loop_pause(incus_loop(client), RETRY_MS, &ignored))
            return;
    }
}

/* The reaper's work: `words` has a line for each removal that was begun. */
static void see_through(struct incus *client, const char *words, const void *data) {
    (void)data;
    _cleanup_free_ char *copy = str_copy(words);
    char *rest = copy;
    for (char *name; (name = strsep(&rest, "\n"));)
        if (*name)
            see_through_one(client, name);
}

/* A removal that cannot be seen through is a removal all the same. */
static int start_reaper(const struct incus *client, const struct stop *stops, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (stops[i].remove && stops[i].force)
            return reaper_start(client, -1, see_through, NULL);
    return -1;
}

/* True as well if there is nothing to keep. */
static bool keep_data(const struct step *step) {
    struct stop *stop = step->stop;
    const struct session *session = stop->session;
    if (!stop->keep || !session->shell || !stop->remove || session->ephemeral ||
        data_keep_of(step->client, session->name, stop->keep, &stop->err))
        return true;
    error_hint(&stop->err, "%s was left as it is; berth kill --force removes it all the same",
               session->name);
    return false;
}

static void begin(struct step *step) {
    const struct stop *stop = step->stop;
    if (!keep_data(step)) {
        over(step);
        return;
    }
    bool runs = !str_equal(stop->session->status, "Stopped");
    if (stop->remove && stop->force && step->reaper >= 0) {
        _cleanup_free_ char *line = str_printf("%s\n", stop->session->name);
        reaper_tell(step->reaper, line);
    }
    if (runs)
        stop_it(step);
    else if (stop->remove)
        remove_it(step);
    else
        over(step);
}

bool stop_sessions(struct incus *client, struct stop *stops, size_t count, struct error *err) {
    _cleanup_free_ struct step *steps = mem_new((count + 1) * sizeof *steps);
    size_t left = count;
    bool all_done = count == 0;
    int reaper = start_reaper(client, stops, count);
    for (size_t i = 0; i < count; i++) {
        steps[i] = (struct step){
            .client = client, .stop = &stops[i], .reaper = reaper, .left = &left, .all_done = &all_done};
        begin(&steps[i]);
    }
    bool good = loop_run(incus_loop(client), &all_done, err), finished = good;
    for (size_t i = 0; i < count && !good; i++)
        operation_drop(steps[i].operation);
    for (size_t i = 0; i < count; i++)
        finished &= !is_left_to_reaper(&stops[i], reaper);
    for (size_t i = 0; i < count; i++) {
        _cleanup_(error_done) struct error ignored = {0};
        if (stops[i].done && is_removed(&stops[i]))
            records_forget(incus_remote(client), stops[i].session->name);
        _cleanup_free_ char *id =
            check_id(incus_address(client), incus_project(client), stops[i].session->name);
        if (stops[i].done && !check_end(id, &stops[i].changed, &ignored))
            error_done(&ignored);
    }
    if (reaper >= 0 && finished)
        reaper_release(reaper);
    else if (reaper >= 0)
        close(reaper);
    return good;
}
