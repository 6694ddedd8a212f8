#include "session/restore.h"

#include "incus/instance.h"
#include "session/halt.h"
#include "session/snapshot.h"

#include <string.h>
#include <time.h>

#define PATIENCE_MS  30000
#define RETRY_MS     200
#define STOP_SECONDS 30

/* The daemon's words where one that was begun has a record and no volume. */
#define WORDS_HALF "record count doesn't match"
/* What a daemon that was killed while it restored leaves beside the container, over which the next one
 * falls. */
#define WORDS_LEFT ".incustmp"

static void add_time(const char *words, int64_t seconds, struct strings *lines) {
    time_t moment = (time_t)seconds;
    struct tm parts;
    char text[32];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", localtime_r(&moment, &parts));
    strings_printf(lines, words, text);
}

void restore_losses(const struct instance *instance, const struct snapshot *snapshot,
                    const struct settings *settings, struct strings *lines) {
    if (!str_equal(instance->status, "Stopped"))
        strings_add(lines, "  everything that runs in it is ended, and it stays stopped");
    add_time("  its files become those of %s", snapshot->created, lines);
    strings_add(lines, "  what was written outside /workspace since then is lost");
    strings_add(lines, snapshot_is_wanted(settings, SNAPSHOT_RESTORE)
                           ? "  before that, what is there now is kept in a snapshot of its own"
                           : "  no snapshot of what is there now is taken ([snapshot] before)");
    strings_add(lines, "  " RESTORE_WORKSPACE);
}

static bool stop(struct incus *client, const char *name, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_get(client, name, &instance, err))
        return false;
    if (str_equal(instance.status, "Stopped"))
        return true;
    bool heard = instance_running(&instance) && halt_can_be_heard(client, name);
    if (heard && instance_change(client, name, "stop", false, STOP_SECONDS, err))
        return true;
    error_done(err);
    return instance_change(client, name, "stop", true, -1, err);
}

static bool put_back(struct incus *client, const struct instance *before, struct error *err) {
    _cleanup_(instance_done) struct instance now = {0};
    if (!instance_get(client, before->name, &now, err))
        return false;
    _cleanup_json_ json_t *body = json_pack(
        "{s:o, s:O, s:O, s:b, s:s}", "config",
        snapshot_config(json_object_get(before->json, "config"), json_object_get(now.json, "config")),
        "devices", json_object_get(before->json, "devices"), "profiles",
        json_object_get(before->json, "profiles"), "ephemeral", before->ephemeral, "architecture",
        json_str_at(before->json, "architecture"));
    return instance_put(client, before->name, body, err);
}

struct restoring {
    struct incus *client;
    struct instance before;
    const char *snapshot;
    const struct settings *settings;
    progress_fn *progress;
    void *data;
    char *saved; /* the name of the automatic one, from when it is begun */
    bool is_saved;
};

/* Every step may be taken again, whatever came of it. */
static bool try_once(struct restoring *restoring, struct error *err) {
    struct incus *client = restoring->client;
    const char *name = restoring->before.name;
    if (!stop(client, name, err))
        return false;
    restoring->is_saved =
        restoring->is_saved ||
        snapshot_automatic(client, name, restoring->settings, SNAPSHOT_RESTORE, &restoring->saved, err);
    return restoring->is_saved &&
           snapshot_restore(client, name, restoring->snapshot, restoring->progress, restoring->data, err) &&
           put_back(client, &restoring->before, err);
}

/* A daemon that went away may be back in a moment, and what it did not end is done again. */
static bool restore(struct restoring *restoring, struct error *err) {
    int64_t end = loop_now() + PATIENCE_MS;
    while (!try_once(restoring, err)) {
        if (err->class != ERROR_DAEMON || loop_now() >= end)
            return false;
        error_done(err);
        if (!loop_pause(incus_loop(restoring->client), RETRY_MS, err))
            return false;
    }
    return true;
}

bool restore_session(struct incus *client, const char *session, const char *snapshot,
                     const struct settings *settings, progress_fn *progress, void *data, char **saved,
                     struct error *err) {
    struct restoring restoring = {
        .client = client, .snapshot = snapshot, .settings = settings, .progress = progress, .data = data};
    if (!instance_get(client, session, &restoring.before, err))
        return false;
    bool good =
        !restoring.before.ephemeral ||
        error_set(err, ERROR_REFUSED, "%s is a run's container, which lives only as long as it runs",
                  session); /* the daemon would delete it once it is stopped */
    loop_interruptible(incus_loop(client), false);
    good = good && restore(&restoring, err);
    loop_interruptible(incus_loop(client), true);
    if (strstr(err->message ? err->message : "", WORDS_HALF))
        error_hint(err,
                   "one of its snapshots was never finished, because the daemon died in it: berth snapshot "
                   "delete takes it away");
    if (strstr(err->message ? err->message : "", WORDS_LEFT))
        error_hint(err,
                   "the daemon died in the middle of an earlier restore and is in its own way (Incus 6.0 "
                   "on btrfs): "
                   "where it keeps the pool, btrfs subvolume delete %s" WORDS_LEFT
                   " helps; nothing is lost",
                   session);
    if (!good && restoring.is_saved && restoring.saved)
        error_hint(err, "what was there before is in the snapshot %s", restoring.saved);
    if (saved) {
        *saved = restoring.saved;
        restoring.saved = NULL;
    }
    free(restoring.saved);
    instance_done(&restoring.before);
    return good;
}
