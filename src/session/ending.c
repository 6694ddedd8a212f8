#include "session/ending.h"

#include <string.h>

/* The daemon's words for a container that stopped in the meantime. */
#define WORDS_STOPPED "already stopped"

struct step {
    struct incus *client;
    struct ending *ending;
    struct operation *operation;
    bool killing; /* because the shutdown took too long */
    size_t *left;
    bool *all_done;
};

void ending_done(struct ending *ending) {
    error_done(&ending->err);
}

static void over(struct step *step) {
    step->ending->done = step->ending->err.class == ERROR_NONE;
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
        error_move(&step->ending->err, err);
    over(step);
}

static void remove_it(struct step *step) {
    _cleanup_free_ char *path = incus_path(NULL, "instances", step->ending->row->name, NULL);
    step->operation = operation_start(step->client, "DELETE", path, NULL, NULL, removed, step);
}

static void stop_it(struct step *step);

static void stopped(void *data, const json_t *metadata, struct error *err) {
    struct step *step = data;
    const struct ending *ending = step->ending;
    (void)metadata;
    step->operation = NULL;
    if (is_gone(err)) {
        over(step);
    } else if (err->class == ERROR_FAILED && !ending->force && !step->killing &&
               !strstr(err->message, WORDS_STOPPED)) {
        /* it did not shut down in its time */
        error_done(err);
        step->killing = true;
        stop_it(step);
    } else if (err->class != ERROR_NONE && !strstr(err->message, WORDS_STOPPED)) {
        error_move(&step->ending->err, err);
        over(step);
    } else if (ending->remove && !ending->row->ephemeral) {
        error_done(err);
        remove_it(step);
    } else {
        error_done(err);
        over(step); /* an ephemeral one the daemon deletes by itself */
    }
}

static void stop_it(struct step *step) {
    const struct ending *ending = step->ending;
    bool force = ending->force || step->killing;
    _cleanup_free_ char *path = incus_path(NULL, "instances", ending->row->name, "state", NULL);
    _cleanup_json_ json_t *body = json_pack("{s:s, s:b, s:I}", "action", "stop", "force", force, "timeout",
                                            (json_int_t)(force ? -1 : ending->timeout));
    step->operation = operation_start(step->client, "PUT", path, body, NULL, stopped, step);
}

bool sessions_end(struct incus *client, struct ending *endings, size_t count, struct error *err) {
    _cleanup_free_ struct step *steps = mem_new((count + 1) * sizeof *steps);
    size_t left = count;
    bool all_done = count == 0;
    for (size_t i = 0; i < count; i++) {
        steps[i] =
            (struct step){.client = client, .ending = &endings[i], .left = &left, .all_done = &all_done};
        if (!str_equal(endings[i].row->status, "Stopped"))
            stop_it(&steps[i]);
        else if (endings[i].remove)
            remove_it(&steps[i]);
        else
            over(&steps[i]);
    }
    bool good = loop_run(incus_loop(client), &all_done, err);
    for (size_t i = 0; i < count && !good; i++)
        operation_drop(steps[i].operation);
    return good;
}
