#include "session/stop.h"

#include <string.h>

/* The daemon's words for a container that stopped in the meantime. */
#define WORDS_STOPPED "already stopped"

struct step {
    struct incus *client;
    struct stop *stop;
    struct operation *operation;
    bool killing; /* because the shutdown took too long */
    size_t *left;
    bool *all_done;
};

void stop_done(struct stop *stop) {
    error_done(&stop->err);
}

static void over(struct step *step) {
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

bool stop_sessions(struct incus *client, struct stop *stops, size_t count, struct error *err) {
    _cleanup_free_ struct step *steps = mem_new((count + 1) * sizeof *steps);
    size_t left = count;
    bool all_done = count == 0;
    for (size_t i = 0; i < count; i++) {
        steps[i] = (struct step){.client = client, .stop = &stops[i], .left = &left, .all_done = &all_done};
        if (!str_equal(stops[i].session->status, "Stopped"))
            stop_it(&steps[i]);
        else if (stops[i].remove)
            remove_it(&steps[i]);
        else
            over(&steps[i]);
    }
    bool good = loop_run(incus_loop(client), &all_done, err);
    for (size_t i = 0; i < count && !good; i++)
        operation_drop(steps[i].operation);
    return good;
}
