#include "session/snapshot.h"

#include "base/time.h"
#include "incus/instance.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#define AUTOMATIC  "auto-"
#define TIME_SHAPE "########-######"

static const char *const causes[] = {[SNAPSHOT_RESTORE] = "restore", [SNAPSHOT_RESUME] = "resume"};

char *snapshot_new_name(int64_t now_ms) {
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm parts;
    char text[32];
    strftime(text, sizeof text, "%Y%m%d-%H%M%S", gmtime_r(&seconds, &parts));
    return str_copy(text);
}

char *snapshot_automatic_name(enum snapshot_cause cause, int64_t now_ms) {
    _cleanup_free_ char *moment = snapshot_new_name(now_ms);
    return str_printf(AUTOMATIC "%s-%s", causes[cause], moment);
}

static bool is_moment(const char *text) {
    if (strlen(text) != strlen(TIME_SHAPE))
        return false;
    for (size_t i = 0; text[i]; i++)
        if (TIME_SHAPE[i] == '#' ? !isdigit((unsigned char)text[i]) : text[i] != TIME_SHAPE[i])
            return false;
    return true;
}

bool snapshot_is_automatic(const char *name) {
    for (size_t i = 0; i < array_length(causes); i++) {
        _cleanup_free_ char *begin = str_printf(AUTOMATIC "%s-", causes[i]);
        if (str_starts(name, begin) && is_moment(name + strlen(begin)))
            return true;
    }
    return false;
}

bool snapshot_check_name(const char *name, struct error *err) {
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t length = strlen(name);
    if (length && length <= 63 && strspn(name, allowed) == length && name[0] != '.' && name[0] != '-')
        return true;
    _cleanup_free_ char *shown = str_shown(name);
    error_set(err, ERROR_USAGE, "\"%s\" is no name for a snapshot", shown);
    error_hint(err, "letters, digits, \"-\", \"_\" and \".\", at most 63, and it begins with none of the "
                    "last two");
    return false;
}

const struct snapshot *snapshot_choose(const char *session, const struct snapshots *snapshots,
                                       const char *text, struct error *err) {
    const struct snapshot *chosen = text ? snapshots_find(snapshots, text) : NULL;
    for (size_t i = snapshots->count; !text && !chosen && i-- > 0;)
        if (!snapshot_is_automatic(snapshots->items[i].name))
            chosen = &snapshots->items[i];
    if (chosen)
        return chosen;
    _cleanup_free_ char *shown = str_shown(text ? text : "");
    if (text)
        error_set(err, ERROR_FAILED, "snapshot %s of %s not found", shown, session);
    else
        error_set(err, ERROR_FAILED, "%s has no snapshot that somebody took", session);
    for (size_t i = 0; i < snapshots->count; i++)
        error_hint(err, "there is %s", snapshots->items[i].name);
    if (!snapshots->count)
        error_hint(err, "berth snapshot create %s takes one", session);
    return NULL;
}

json_t *snapshot_json(const struct snapshot *snapshot) {
    time_t seconds = (time_t)snapshot->created;
    struct tm parts;
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &parts));
    return json_pack("{s:o, s:s, s:b, s:b}", "name", json_text(snapshot->name), "created_at", text,
                     "stateful", snapshot->stateful, "automatic", snapshot_is_automatic(snapshot->name));
}

/* The daemon's words for a name that is taken are its database's. */
static bool name_is_taken(const struct error *err) {
    return err->class == ERROR_FAILED && strstr(err->message, "UNIQUE constraint");
}

/* What a restricted project forbids, and who may allow it. */
static void explain_project(struct incus *client, struct error *err) {
    if (err->class == ERROR_FAILED && strstr(err->message, "doesn't allow for snapshot"))
        error_hint(err, "an administrator allows it: incus project set %s restricted.snapshots=allow",
                   incus_project(client));
}

/* What the daemon asks of an instance before it keeps its memory; as it was, if that fails. */
#define STATEFUL "migration.stateful"

static bool set_stateful(struct incus *client, const char *session, const char *value, struct error *err) {
    _cleanup_json_ json_t *body = json_pack("{s:{s:s}}", "config", STATEFUL, value);
    return instance_patch(client, session, body, err);
}

static bool take_stateful(struct incus *client, const char *session, const char *name,
                          progress_fn *progress, void *data, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (!instance_get(client, session, &instance, err))
        return false;
    bool set = str_equal(instance_config(&instance, STATEFUL), "true");
    if (!set && !set_stateful(client, session, "true", err))
        return false;
    if (snapshot_create(client, session, name, true, progress, data, err))
        return true;
    if (!set && !set_stateful(client, session, "", &ignored))
        error_also(err, &ignored);
    return false;
}

bool snapshot_take(struct incus *client, const char *session, const char *name, bool stateful,
                   progress_fn *progress, void *data, struct error *err) {
    if (!snapshot_check_name(name, err))
        return false;
    if (stateful ? take_stateful(client, session, name, progress, data, err)
                 : snapshot_create(client, session, name, false, progress, data, err))
        return true;
    if (name_is_taken(err)) {
        error_done(err);
        error_set(err, ERROR_FAILED, "%s has a snapshot %s already", session, name);
    } else if (stateful && err->class == ERROR_FAILED) {
        error_hint(err,
                   "--stateful keeps the memory of what runs: the daemon's machine needs CRIU for that, "
                   "and few programs can be kept so");
        error_hint(err, "without it the files are kept, and nothing that runs is disturbed");
    }
    explain_project(client, err);
    return false;
}

bool snapshot_is_wanted(const struct settings *settings, enum snapshot_cause cause) {
    _cleanup_(strings_done) struct strings words = {0};
    _cleanup_free_ char *text = str_copy(settings_text(settings, SETTING_SNAPSHOT_BEFORE));
    for (char *at = text; *at; at++)
        *at = *at == ',' ? ' ' : *at;
    words_split(text, &words);
    return strings_has(&words, causes[cause]);
}

/* The oldest automatic ones that are too many go. */
static bool trim(struct incus *client, const char *session, size_t keep, struct error *err) {
    _cleanup_(snapshots_done) struct snapshots snapshots = {0};
    size_t count = 0;
    if (!snapshot_list(client, session, &snapshots, err))
        return false;
    for (size_t i = 0; i < snapshots.count; i++)
        count += snapshot_is_automatic(snapshots.items[i].name);
    for (size_t i = 0; i < snapshots.count && count > keep; i++) {
        const char *name = snapshots.items[i].name;
        if (!snapshot_is_automatic(name))
            continue;
        count--;
        if (!snapshot_delete(client, session, name, err) && err->code != 404)
            return false;
        error_done(err);
    }
    return true;
}

/*
 * A daemon that dies while it takes one leaves half of it, a record without a volume, which stands in the
 * way of every restore: it goes first. That there is none is the usual case.
 */
static bool take_again(struct incus *client, const char *session, const char *name, struct error *err) {
    _cleanup_(error_done) struct error ignored = {0};
    return (snapshot_delete(client, session, name, &ignored) || ignored.class != ERROR_DAEMON ||
            error_set(err, ERROR_DAEMON, "%s", ignored.message)) &&
           snapshot_create(client, session, name, false, NULL, NULL, err);
}

bool snapshot_automatic(struct incus *client, const char *session, const struct settings *settings,
                        enum snapshot_cause cause, char **name, struct error *err) {
    if (!snapshot_is_wanted(settings, cause))
        return true;
    bool again = name && *name;
    _cleanup_free_ char *made = again ? str_copy(*name) : snapshot_automatic_name(cause, time_now_ms());
    if (name && !again)
        *name = str_copy(made);
    if (again)
        return take_again(client, session, made, err) &&
               trim(client, session, settings_id(settings, SETTING_SNAPSHOT_KEEP), err);
    /* two within a second are one: nothing can have been done in between */
    if (!snapshot_create(client, session, made, false, NULL, NULL, err)) {
        if (!name_is_taken(err))
            return false;
        error_done(err);
    }
    return trim(client, session, settings_id(settings, SETTING_SNAPSHOT_KEEP), err);
}
