/* Processor and memory of the rows that are in view and run: asked for all at once. */
#include "ui/app.h"

#define NOT_BEFORE_MS 1900

static void take(struct store_row *row, const json_t *state) {
    int64_t used = json_int_at(state, "cpu.usage"), now = loop_now();
    if (row->cpu_at && now > row->cpu_at && used >= row->cpu_time)
        row->cpu = (double)(used - row->cpu_time) / 1e4 / (double)(now - row->cpu_at);
    row->cpu_time = used;
    row->cpu_at = now;
    row->memory = json_int_at(state, "memory.usage");
}

void stats_fetch(struct app *app) {
    const struct list *list = &app->list;
    int64_t now = loop_now();
    if (app->stats_at && now - app->stats_at < NOT_BEFORE_MS)
        return;
    app->stats_at = now;
    _cleanup_(error_done) struct error err = {0};
    _cleanup_(strings_done) struct strings names = {0};
    for (size_t i = list->top; i < list->count && i < list->top + list->page; i++)
        if (str_equal(list->order[i]->session.status, "Running"))
            strings_add(&names, list->order[i]->session.name);
    _cleanup_free_ struct question *questions = mem_new((names.count + 1) * sizeof *questions);
    for (size_t i = 0; i < names.count; i++)
        questions[i].path = incus_path(NULL, "instances", names.items[i], "state", NULL);
    bool good = incus_ask_all(app->client, questions, names.count, &err);
    for (size_t i = 0; i < names.count; i++) {
        struct store_row *row = store_find(&app->store, names.items[i]); /* it may have gone meanwhile */
        if (good && row && questions[i].metadata)
            take(row, questions[i].metadata);
        question_done(&questions[i]);
    }
}
