#include "session/lasting.h"

#include "session/conclude.h"
#include "session/name.h"
#include "session/verify.h"

#include <string.h>

bool lasting_resume(struct session_request *request, struct settings *settings, const struct record *record,
                    struct error *err) {
    unsigned int slot = 0;
    const char *prefix = name_prefix(err);
    if (!prefix)
        return false;
    name_parse(prefix, record->container, &slot);
    str_set(&request->workspace, record->workspace);
    str_set(&request->session_id, record->id);
    request->slot = slot;
    request->resume = true;
    return !record->persistent ||
           settings_flag(settings, SETTING_PERSISTENT, "the saved session", "true", err);
}

/* "/usr/bin/claude --model x" is the tool "claude": records of different tools lie apart, as coi's do. */
static char *tool_name(const char *tool) {
    tool += strspn(tool, " \t");
    _cleanup_free_ char *word = str_copy_n(tool, strcspn(tool, " \t"));
    const char *slash = strrchr(word, '/'), *name = slash ? slash + 1 : word;
    return str_copy(*name && name[0] != '.' ? name : "shell");
}

/* The record of the container: the one that it has, or a new one; with what is true now. */
static bool keep_record(const struct prepared *prepared, const struct plan *plan, struct error *err) {
    _cleanup_(records_done) struct records records = {0};
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_(record_done) struct record fresh = {0};
    const struct session_request *request = prepared->request;
    records_load(&records);
    const struct record *known = records_of_container(&records, plan->name);
    if (!known && request->resume)
        known = records_of_id(&records, request->session_id, &ignored);
    if (!known) {
        _cleanup_free_ char *tool = tool_name(settings_text(request->settings, SETTING_TOOL));
        const char *id = instance_config(&prepared->existing, RECORD_KEY);
        record_init(&fresh, tool, *id ? id : request->session_id, plan->name, prepared->workspace.path,
                    plan->persistent);
        return record_save(&fresh, err);
    }
    struct record *record = (struct record *)known;
    str_set(&record->container, plan->name);
    record->persistent = plan->persistent;
    return record_save(record, err);
}

static bool verify(const struct inside *inside, const struct plan *plan, struct error *err) {
    if (plan->other_mapping)
        return true;
    _cleanup_(verification_cleanup) struct verification *verification = verify_begin(inside->client, plan);
    return verify_expanded(inside->client, plan, err) && verify_end(verification, err);
}

static bool start_tmux(const struct inside *inside, const struct prepared *prepared,
                       const struct plan *plan, struct error *err) {
    bool alive = false;
    if (plan->was_running && !tmux_alive(inside, &alive, err))
        return false;
    return alive || (tmux_wait_ready(inside, err) &&
                     tmux_start(inside, settings_text(prepared->request->settings, SETTING_TOOL), err));
}

bool lasting_set_up(const struct inside *inside, const struct prepared *prepared, const struct plan *plan,
                    bool with_tmux, struct error *err) {
    struct loop *loop = incus_loop(inside->client);
    loop_interruptible(loop, true);
    bool good = verify(inside, plan, err) && keep_record(prepared, plan, err) &&
                (!with_tmux || start_tmux(inside, prepared, plan, err));
    loop_interruptible(loop, false);
    if (good || plan->reused)
        return good;
    _cleanup_(error_done) struct error undo = {0};
    if (!session_undo(inside->client, plan, &undo))
        error_also(err, &undo);
    else
        conclude_forget(plan->name);
    return false;
}
