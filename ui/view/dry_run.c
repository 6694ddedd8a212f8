#include "ui/view/dry_run.h"

#include "launch/prepare.h"

struct dry_run {
    struct host *host;
    struct launch_request *request;
    struct settings *settings;
    dry_run_fn *done; /* NULL: nobody waits for it any more */
    void *data;
};

static void run_task(void *task_data) {
    struct dry_run *run = task_data;
    _cleanup_(prepared_done) struct prepared prepared = {0};
    _cleanup_(plan_done) struct plan plan = {0};
    _cleanup_(error_done) struct error err = {0};
    if (run->done) {
        loop_interruptible(run->host->loop, true);
        struct incus *client = daemons_for(&run->host->daemons, run->request->workspace)->client;
        if (prepare_launch(client, run->request, &prepared, &err))
            prepare_plan(&prepared, &plan);
    }
    if (run->done) { /* who asked may have left meanwhile */
        _cleanup_json_ json_t *json = plan.body ? plan_json(&plan) : NULL;
        if (json)
            json_object_set_new(json, "place", place_json(&prepared.place));
        run->done(run->data, json ? json_pretty(json) : NULL, &err);
    }
    request_done(run->request);
    settings_done(run->settings);
    free(run->request);
    free(run->settings);
    free(run);
}

struct dry_run *dry_run_start(struct host *host, struct launch_request *take_request,
                              struct settings *take_settings, dry_run_fn *done, void *data) {
    struct dry_run *run = mem_new(sizeof *run);
    *run = (struct dry_run){host, take_request, take_settings, done, data};
    run->request->settings = run->settings;
    task_start(host->loop, run_task, run);
    return run;
}

void dry_run_leave(struct dry_run *run) {
    if (run)
        run->done = NULL;
}
