#include "launch/held.h"

struct held {
    struct incus *client;
    struct exec *exec;
    bool finished;
    int status;
    struct error err;
};

static void output(void *data, int stream, const void *bytes, size_t size) {
    (void)data, (void)stream, (void)bytes, (void)size;
}

static void finished(void *data, int status, struct error *err) {
    struct held *held = data;
    held->finished = true;
    held->status = status;
    error_move(&held->err, err);
}

struct held *held_begin(struct incus *client, const char *instance, const struct exec_request *request) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    struct exec_request early = *request;
    struct held *held = mem_new(sizeof *held);
    early.early = true;
    *held = (struct held){.client = client, .status = -1};
    held->exec = exec_start(client, instance, &early, &handler, held);
    exec_end_input(held->exec);
    return held;
}

bool held_answer(struct held *held, int *status, struct error *err) {
    exec_release(held->exec);
    if (!loop_run(incus_loop(held->client), &held->finished, err))
        return false;
    *status = held->status;
    error_move(err, &held->err);
    return err->class == ERROR_NONE;
}

void held_free(struct held *held) {
    if (!held)
        return;
    exec_free(held->exec);
    error_done(&held->err);
    free(held);
}
