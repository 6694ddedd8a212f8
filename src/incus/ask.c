/* Several GETs at once. */
#include "incus/client.h"

/* One of them. */
struct asked {
    struct asking *asking;
    struct question *question;
    struct call *call;
};

struct asking {
    size_t left;
    void (*done)(void *data);
    void *data;
    size_t count;
    struct asked all[];
};

void question_done(struct question *question) {
    free(question->path);
    json_decref(question->metadata);
    error_done(&question->err);
    *question = (struct question){0};
}

void questions_done(struct question *questions, size_t count) {
    for (size_t i = 0; i < count; i++)
        question_done(&questions[i]);
}

void asking_drop(struct asking *asking) {
    for (size_t i = 0; asking && i < asking->count; i++)
        call_drop(asking->all[i].call);
    free(asking);
}

static void answered(void *data, const struct reply *reply, struct error *err) {
    struct asked *asked = data;
    struct asking *asking = asked->asking;
    asked->call = NULL;
    asked->question->metadata = reply ? json_incref(reply->metadata) : NULL;
    error_move(&asked->question->err, err);
    if (--asking->left)
        return;
    void (*done)(void *data) = asking->done;
    void *done_data = asking->data;
    asking_drop(asking);
    done(done_data);
}

struct asking *incus_ask(struct incus *client, struct question *questions, size_t count,
                         void (*done)(void *data), void *data) {
    struct asking *asking = mem_new(sizeof *asking + count * sizeof *asking->all);
    *asking = (struct asking){.done = done, .data = data, .count = count};
    for (size_t i = 0; i < count; i++)
        asking->left += questions[i].path != NULL;
    for (size_t i = 0; i < count; i++) {
        asking->all[i] = (struct asked){.asking = asking, .question = &questions[i]};
        if (!questions[i].path)
            continue;
        struct call *call = asking->all[i].call =
            incus_call(client, "GET", questions[i].path, NULL, answered, &asking->all[i]);
        if (questions[i].patience_ms)
            call_patience(call, questions[i].patience_ms);
    }
    return asking;
}

static void set_true(void *data) {
    *(bool *)data = true;
}

bool incus_ask_all(struct incus *client, struct question *questions, size_t count, struct error *err) {
    bool done = false, any = false;
    for (size_t i = 0; i < count; i++)
        any |= questions[i].path != NULL;
    if (!any)
        return true;
    struct asking *asking = incus_ask(client, questions, count, set_true, &done);
    if (loop_run(incus_loop(client), &done, err))
        return true;
    if (!done)
        asking_drop(asking);
    return false;
}
