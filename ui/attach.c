#include "ui/attach.h"

#include "launch/prepare.h"
#include "session/attach.h"
#include "session/detach.h"
#include "ui/live.h"
#include "ui/manage.h"
#include "workspace/name.h"

void attach_inside(struct host *host, const struct inside *inside) {
    struct app *app = app_of(host);
    _cleanup_(error_done) struct error err = {0}, detaching = {0};
    enum detach_outcome outcome = DETACH_RUNNING;
    _cleanup_free_ char *key = daemons_key(&host->daemons, inside->client, inside->name);
    if (!host->lend(host)) { /* another session has the terminal */
        host->say(host, STYLE_WARNING, "%s runs; enter attaches to it", key);
        return;
    }
    int status = attach_tmux(inside, &app->stream, &err);
    bool detached =
        err.class != ERROR_DAEMON && detach_session(inside, host->settings, &outcome, &detaching);
    host->take(host);
    live_looked(app, key);
    list_show(host->list, key);
    if (err.class == ERROR_DAEMON)
        host->error(host, &err);
    else if (!detached)
        host->error(host, &detaching);
    else if (outcome == DETACH_RUNNING)
        host->say(host, status == 0 ? STYLE_PLAIN : STYLE_WARNING, "detached from %s%s", key,
                  status == 0 ? "" : "; tmux ended with an error");
    else
        host->say(host, STYLE_PLAIN, "%s has ended (status %d) and is %s", key, status,
                  outcome == DETACH_STOPPED ? "kept, stopped"
                  : outcome == DETACH_DATA  ? "removed; its data was kept for --resume"
                                            : "removed");
}

struct attach {
    struct host *host;
    struct session session; /* as it was when the key was pressed */
    char *key, *workspace;
};

/* The way of `berth shell --resume`, for a container that is named after its workspace. */
static bool reopen(struct host *host, const struct session *session, const char *workspace) {
    _cleanup_free_ char *own = name_of(host->prefix, session->workspace, session->slot);
    if (!str_equal(own, session->name))
        return false;
    struct settings *settings = mem_new(sizeof *settings);
    struct launch_request *request = mem_new(sizeof *request);
    settings_copy(settings, host->settings);
    *request = (struct launch_request){.workspace = str_copy(workspace),
                                       .slot = session->slot,
                                       .resume = true,
                                       .session_id = record_new_id()};
    host->launch(host, request, settings, true);
    return true;
}

static void attach_task(void *data) {
    struct attach *attach = data;
    struct host *host = attach->host;
    const struct session *session = &attach->session;
    struct launch_request request = {.settings = host->settings, .terminal = true};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *environment = prepare_environment(&request);
    struct inside inside = {host_client(host, attach->key), session->name,
                            session_code(session, host->settings), environment, session->no_root};
    bool alive = false;
    if (str_equal(session->status, "Running") && !tmux_alive(&inside, &alive, &err))
        host->error(host, &err);
    else if (alive)
        attach_inside(host, &inside);
    else if (str_equal(session->status, "Frozen"))
        host->say(host, STYLE_BAD, "%s is frozen: S starts it again", session->name);
    else if (!reopen(host, session, attach->workspace))
        host->say(host, STYLE_BAD, "%s has no tmux session to attach to", session->name);
    host->attaching = false;
    session_done(&attach->session);
    free(attach->key);
    free(attach->workspace);
    free(attach);
}

void attach_current(struct host *host) {
    const struct store_row *row = list_current(host->list);
    if (!row || host->attaching)
        return;
    if (row->session.foreign) {
        host->say(host, STYLE_WARNING,
                  "%s is not a session; berth container exec %s -- bash opens a shell in it",
                  row->session.name, row->session.name);
        return;
    }
    struct attach *attach = mem_new(sizeof *attach);
    *attach = (struct attach){.host = host,
                              .session = session_copy(&row->session),
                              .key = str_copy(row->key),
                              .workspace = daemons_workspace(&host->daemons, row)};
    host->attaching = true;
    task_start(host->loop, attach_task, attach);
}
