#include "session/shell.h"

#include "launch/guarding.h"
#include "launch/label.h"
#include "launch/launch.h"
#include "launch/seen.h"
#include "launch/verify.h"
#include "session/data.h"
#include "session/snapshot.h"
#include "workspace/name.h"

#include <string.h>

bool shell_resume(struct launch_request *request, struct settings *settings, const struct record *record,
                  struct error *err) {
    unsigned int slot = 0;
    const char *prefix = name_prefix(err);
    if (!prefix)
        return false;
    name_parse(prefix, record->container, &slot);
    str_set(&request->workspace, record->workspace);
    str_set(&request->session_id, record->id);
    request->slot = slot;
    request->resume = request->saved = true;
    return !record->persistent ||
           settings_flag(settings, SETTING_PERSISTENT, "the saved session", "true", err);
}

bool shell_before(struct incus *client, const struct prepared *prepared,
                  const struct launch_watcher *watcher, struct error *err) {
    const struct instance *existing = &prepared->existing;
    _cleanup_free_ char *name = NULL;
    if (!existing->json || !str_equal(existing->status, "Stopped"))
        return true;
    if (!snapshot_automatic(client, existing->name, prepared->request->settings, SNAPSHOT_RESUME, &name,
                            err)) {
        if (err->class != ERROR_FAILED) /* that one cannot be had is no reason not to work */
            return false;
        watcher_notice(watcher, "no snapshot of %s was taken: %s", existing->name, err->message);
        error_done(err);
        return true;
    }
    if (name)
        watcher_notice(watcher, "%s is in the snapshot %s as it was", existing->name, name);
    return true;
}

/* "/usr/bin/claude --model x" is the tool "claude": records of different tools lie apart, as coi's do. */
static char *tool_name(const char *tool) {
    tool += strspn(tool, " \t");
    _cleanup_free_ char *word = str_copy_n(tool, strcspn(tool, " \t"));
    const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
    return str_copy(*name && name[0] != '.' ? name : "shell");
}

/* The record of the container: the one that it has, or a new one; with what is true now. */
static bool keep_record(const char *remote, const struct prepared *prepared, const struct plan *plan,
                        struct error *err) {
    _cleanup_(records_done) struct records records = {.remote = remote};
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_(record_done) struct record fresh = {0};
    const struct launch_request *request = prepared->request;
    records_load(&records);
    const struct record *known =
        request->resume ? records_of_id(&records, request->session_id, &ignored) : NULL;
    if (!known)
        known = records_of_container(&records, plan->name);
    if (known && known->data >= 0 && !plan->reused && !request->resume)
        known = NULL; /* of an earlier session, which can be resumed */
    if (!known) {
        _cleanup_free_ char *tool = tool_name(settings_text(request->settings, SETTING_TOOL));
        const char *id = instance_config(&prepared->existing, LABEL_RECORD);
        record_init(&fresh, remote, tool, *id ? id : request->session_id, plan->name,
                    prepared->workspace.path, plan->persistent);
        return record_save(&fresh, err);
    }
    struct record *record = (struct record *)known;
    str_set(&record->container, plan->name);
    record->persistent = plan->persistent;
    return record_save(record, err);
}

/*
 * An image may lack the user: its number alone has the rights that the mapping gives it, where the
 * container's root would have none. What it has no place for is its home.
 */
static void live_without_home(const struct inside *inside, const struct launch_watcher *watcher) {
    watcher_notice(
        watcher,
        "the image has no directory %s: the session runs as uid %u without a name, its HOME is /tmp",
        json_get_str(inside->environment, "HOME"), inside->code.uid);
    json_object_set_new((json_t *)inside->environment, "HOME", json_string("/tmp"));
}

static bool verify_by_itself(const struct inside *inside, const struct plan *plan,
                             const struct launch_watcher *watcher, struct error *err) {
    _cleanup_(verification_cleanup) struct verification *verification = verify_begin(inside->client, plan);
    return verify_end(verification, watcher, err);
}

/* Git's own words for it name no reason. */
#define GUARD_LINE                                                                                         \
    "berth: .git/config and hooks are read-only here; git config, git remote add and git push -u fail "    \
    "with "                                                                                                \
    "\"Device or resource busy\""

/* What can be asked in the command that starts tmux costs no call of its own. */
static bool start_tmux(const struct inside *inside, const struct prepared *prepared,
                       const struct plan *plan, const struct launch_watcher *watcher, struct error *err) {
    const char *tool = settings_text(prepared->request->settings, SETTING_TOOL);
    const char *line = guard_has_config(&prepared->guard) ? GUARD_LINE : "";
    _cleanup_free_ char *condition = verify_condition(plan);
    bool home = true;
    if (!condition && !verify_by_itself(inside, plan, watcher, err))
        return false;
    for (;;) {
        _cleanup_json_ json_t *environment = seen_environment(plan);
        struct inside with = *inside;
        with.environment = environment;
        json_object_set(environment, "HOME", json_object_get(inside->environment, "HOME"));
        switch (tmux_start(&with, line, tool, condition ? condition : "true", home, err)) {
        case TMUX_STARTED:
            return true;
        case TMUX_NOT_TRUE: /* looked at closely, it is an error with a name, or no fault */
            if (!verify_by_itself(inside, plan, watcher, err))
                return false;
            str_set(&condition, NULL);
            break;
        case TMUX_NO_HOME:
            live_without_home(inside, watcher);
            home = false;
            break;
        case TMUX_FAILED:
            return false;
        }
    }
}

/* A session that is resumed in a new container goes on with what its tool had. */
static bool put_data_back(const struct inside *inside, const struct prepared *prepared,
                          const struct plan *plan, const struct launch_watcher *watcher,
                          struct error *err) {
    _cleanup_(records_done) struct records records = {.remote = incus_remote(inside->client)};
    _cleanup_(error_done) struct error ignored = {0};
    const struct launch_request *request = prepared->request;
    bool put = false;
    if (!request->resume || plan->reused)
        return true;
    records_load(&records);
    const struct record *record = records_of_id(&records, request->session_id, &ignored);
    if (!record || record->data < 0)
        return true;
    if (!data_put_back(inside, request->settings, record, &put, err))
        return false;
    const char *data = settings_text(request->settings, SETTING_TOOL_DATA);
    if (put)
        watcher_notice(watcher, "%s is what it was when the session ended", data);
    else
        watcher_notice(watcher, "the session has data of its tool, and [tool] data does not say where to");
    return true;
}

static bool set_up(const struct inside *inside, const struct prepared *prepared, const struct plan *plan,
                   bool with_tmux, const struct launch_watcher *watcher, struct error *err) {
    bool alive = false;
    if (!plan->other_mapping && !verify_expanded(inside->client, plan, err))
        return false;
    if (!keep_record(incus_remote(inside->client), prepared, plan, err) ||
        (plan->was_running && !tmux_alive(inside, &alive, err)))
        return false;
    return put_data_back(inside, prepared, plan, watcher, err) &&
           (with_tmux && !alive ? start_tmux(inside, prepared, plan, watcher, err)
                                : verify_by_itself(inside, plan, watcher, err)) &&
           guarding_verify(inside->client, prepared, plan, watcher, err);
}

bool shell_start(const struct inside *inside, struct prepared *prepared, const struct plan *plan,
                 bool with_tmux, const struct launch_watcher *watcher, struct error *err) {
    struct loop *loop = incus_loop(inside->client);
    loop_interruptible(loop, true);
    bool good = set_up(inside, prepared, plan, with_tmux, watcher, err);
    loop_interruptible(loop, false);
    if (good) { /* from here on it is the user's */
        owner_release(prepared->owner);
        prepared->owner = NULL;
    }
    if (good || plan->reused)
        return good;
    _cleanup_(error_done) struct error undo = {0};
    if (launch_undo(inside->client, plan, &undo)) {
        guarding_failed(prepared);
        records_forget(incus_remote(inside->client), plan->name);
        return false;
    }
    error_also(err, &undo);
    owner_abandon(prepared->owner);
    prepared->owner = NULL;
    return false;
}
