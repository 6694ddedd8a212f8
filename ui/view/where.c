#include "ui/view/where.h"

struct where {
    struct host *host;
    struct launch_request request;
    struct settings settings;
    where_fn *done; /* NULL: nobody waits for it any more */
    void *data;
};

static void task(void *data) {
    struct where *where = data;
    _cleanup_(place_done) struct place place = {0};
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_(error_done) struct error err = {0};
    struct incus *client = daemons_for(&where->host->daemons, where->request.workspace)->client;
    loop_interruptible(where->host->loop, true);
    bool good = where->done && place_find(client, &where->request, &workspace, &place, &err);
    if (where->done) /* who asked may have left meanwhile */
        where->done(where->data, good ? &place : NULL, &err);
    request_done(&where->request);
    settings_done(&where->settings);
    free(where);
}

struct where *where_ask(struct host *host, const char *workspace, const char *target, where_fn *done,
                        void *data) {
    struct where *where = mem_new(sizeof *where);
    _cleanup_(error_done) struct error ignored = {0};
    *where = (struct where){.host = host, .done = done, .data = data};
    settings_copy(&where->settings, host->settings);
    if (!*target)
        settings_clear(&where->settings, SETTING_TARGET, "target");
    else if (!settings_flag(&where->settings, SETTING_TARGET, "target", target, &ignored))
        error_done(&ignored);
    where->request.workspace = str_copy(workspace);
    where->request.settings = &where->settings;
    task_start(host->loop, task, where);
    return where;
}

void where_leave(struct where *where) {
    if (where)
        where->done = NULL;
}
