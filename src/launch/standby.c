#include "launch/standby.h"

#include "base/path.h"
#include "base/time.h"
#include "base/version.h"
#include "guard/devices.h"
#include "launch/label.h"
#include "workspace/name.h"

#include <sha2.h>
#include <string.h>

/*
 * An idle one does not hurry: its boot may use a twentieth of one CPU, in small pieces, so that nobody
 * waits long for a lock that it holds (https://docs.kernel.org/scheduler/sched-bwc.html). The claim takes
 * it away.
 */
#define IDLE_CPU_KEY "limits.cpu.allowance"
#define IDLE_CPU     "1ms/20ms"

/* What has not come up by then never will. */
#define START_SECONDS 60

/* The settings that the kind is made of. */
static const enum setting of_kind[] = {
    SETTING_PROJECT,    SETTING_CODE_UID, SETTING_CODE_GID,  SETTING_CODE_USER,     SETTING_DISABLE_SHIFT,
    SETTING_IMAGE,      SETTING_STANDBY,  SETTING_INTERCEPT, SETTING_STORAGE_POOL,  SETTING_DISK_READ,
    SETTING_DISK_WRITE, SETTING_NETWORK,  SETTING_ALLOW,     SETTING_ALLOWED_PORTS, SETTING_DNS_SERVERS};

/* What of the config belongs to one run. */
static bool is_runs(const char *key) {
    static const char *const labels[] = {LABEL_LAUNCH, LABEL_OWNER,  LABEL_RECORD, LABEL_WORKSPACE,
                                         LABEL_SLOT,   LABEL_REASON, LABEL_ROOT,   LABEL_COMMIT};
    for (size_t i = 0; i < array_length(labels); i++)
        if (str_equal(key, labels[i]))
            return true;
    return str_starts(key, "limits.");
}

/* What of the devices does. */
static bool is_runs_device(const char *name) {
    return str_equal(name, WORKSPACE_DEVICE) || str_starts(name, "mount-") ||
           str_starts(name, GUARD_DEVICE) || str_starts(name, PUBLISH_DEVICE);
}

static char *digest_of(const char *text) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    return str_copy(SHA256Data((const uint8_t *)text, strlen(text), digest));
}

/* "WHOSE:WHAT": the file and profile that the settings are of, and what they say. */
static char *settings_label(const struct settings *settings, bool *by_hand) {
    _cleanup_(buffer_done) struct buffer text = {0};
    bool changing = false;
    for (size_t i = 0; i < array_length(of_kind); i++) {
        enum origin origin = settings->values[of_kind[i]].origin;
        buffer_printf(&text, "%s\n", settings_text(settings, of_kind[i]));
        *by_hand |= origin == ORIGIN_FLAG || origin == ORIGIN_WORKSPACE;
        changing |= *by_hand || origin == ORIGIN_ENVIRONMENT;
    }
    _cleanup_free_ char *file = str_printf("%s\n%s", settings->file ? settings->file : "",
                                           settings->profile ? settings->profile : ""),
                        *whose = digest_of(file), *what = digest_of(text.data);
    /* what differs from one shell to the next is no change of the file's */
    return changing ? str_copy("-") : str_printf("%.16s:%.16s", whose, what);
}

static json_t *without(const json_t *map, bool (*is_left_out)(const char *key)) {
    json_t *rest = json_object(), *value;
    const char *key;
    json_object_foreach((json_t *)map, key, value) {
        if (!is_left_out(key))
            json_object_set(rest, key, value);
    }
    return rest;
}

/* Everything that it cannot be changed from, as one text. */
static char *kind_text(const struct prepared *prepared, const json_t *config, const json_t *devices) {
    _cleanup_json_ json_t *all =
        json_pack("{s:O, s:O, s:O?, s:s, s:s}", "config", config, "devices", devices, "profile",
                  prepared->profile, "image", prepared->fingerprint ? prepared->fingerprint : "", "member",
                  prepared->member ? prepared->member : "");
    return json_dumps(all, JSON_SORT_KEYS | JSON_COMPACT);
}

static json_t *make_body(const struct plan *plan, const struct standby_kind *kind, json_t *devices) {
    const char *key;
    json_t *config = json_object(), *value;
    json_object_foreach(json_at(plan->body, "config"), key, value) {
        /* its limits are those of the run that has it made: a project may want some to be there */
        if (!is_runs(key) || str_starts(key, "limits."))
            json_object_set(config, key, value);
    }
    json_object_set_new(config, LABEL_STANDBY, json_text(kind->digest));
    json_object_set_new(config, LABEL_SETTINGS, json_text(kind->settings));
    json_object_set_new(config, LABEL_DAEMON, json_text(kind->daemon));
    json_object_set_new(config, IDLE_CPU_KEY, json_string(IDLE_CPU));
    return json_pack("{s:s, s:{s:s, s:o}, s:b, s:b, s:o, s:O}", "type", "container", "source", "type",
                     "image", "fingerprint", json_text(kind->fingerprint ? kind->fingerprint : ""),
                     "ephemeral", 1, "start", 1, "config", config, "devices", devices);
}

static char *daemon_text(int64_t pid) {
    return str_printf("%lld", (long long)pid);
}

void standby_kind_make(const struct prepared *prepared, const struct plan *plan,
                       struct standby_kind *kind) {
    const struct settings *settings = prepared->request->settings;
    _cleanup_json_ json_t *config = without(json_at(plan->body, "config"), is_runs),
                          *devices = without(json_at(plan->body, "devices"), is_runs_device);
    *kind = (struct standby_kind){.image = str_copy(settings_text(settings, SETTING_IMAGE)),
                                  .fingerprint = str_copy(prepared->fingerprint),
                                  .host = str_copy(json_get_str(config, LABEL_HOST)),
                                  .daemon = daemon_text(prepared->daemon),
                                  .network = str_copy(prepared->network.name),
                                  .wanted = settings_id(settings, SETTING_STANDBY)};
    kind->settings = settings_label(settings, &kind->by_hand);
    _cleanup_free_ char *text = kind_text(prepared, config, devices),
                        *name = name_of(prepared->prefix, text, 1);
    kind->digest = digest_of(text);
    kind->stem = str_copy_n(name, strlen(name) - 1);
    kind->body = make_body(plan, kind, devices);
}

void standby_kind_outside(const struct settings *settings, int64_t daemon, struct standby_kind *kind) {
    *kind = (struct standby_kind){.daemon = daemon_text(daemon),
                                  .image = str_copy(settings_text(settings, SETTING_IMAGE)),
                                  .wanted = settings_id(settings, SETTING_STANDBY)};
    kind->settings = settings_label(settings, &kind->by_hand);
}

/* A repository of the guard's own that lies in the workspace could only come into it. */
static bool guard_fits(const struct guard *guard) {
    _cleanup_(strings_done) struct strings binds = {0};
    for (size_t i = 0; i < guard->root_count; i++)
        if (guard->roots[i].common && path_is_under(guard->roots[i].inside, WORKSPACE_PATH))
            return false;
    return guard_binds(guard, &binds);
}

const char *standby_unfit(const struct prepared *prepared, bool hooked) {
    const struct launch_request *request = prepared->request;
    if (request->cold)
        return "--cold";
    if (!settings_id(request->settings, SETTING_STANDBY))
        return "[container] standby is 0";
    if (prepared->place.other)
        return "its workspace is on another machine";
    if (request->shell)
        return "a session has a name of its own, and a container that runs cannot be renamed";
    if (settings_bool(request->settings, SETTING_PERSISTENT) || prepared->existing.json)
        return "a persistent container is made for its workspace";
    if (request->slot)
        return "--slot names a container";
    if (hooked)
        return "the pre_start hook is called before a first start";
    if (prepared->apparmor)
        return "the rules of AppArmor are for one workspace, and come before its mounts";
    if (!prepared->fingerprint || !*prepared->fingerprint)
        return "the image has no alias";
    return guard_fits(&prepared->guard) ? NULL : "what is guarded cannot be mounted while it runs";
}

static bool is_retired(const struct instance *instance) {
    return str_equal(instance_config(instance, LABEL_LAUNCH), STANDBY_RETIRED);
}

bool standby_is_idle(const struct instance *instance) {
    return instance->ephemeral && *instance_config(instance, LABEL_STANDBY) &&
           (!*instance_config(instance, LABEL_LAUNCH) || is_retired(instance));
}

static int64_t age_of(const struct instance *instance, int64_t now) {
    return now - time_epoch(instance->created_at);
}

/* Of the same file and profile, which say something else now. */
static bool settings_changed(const char *label, const char *now) {
    size_t whose = strcspn(now, ":") + 1;
    return now[0] != '-' && strncmp(label, now, whose) == 0 && !str_equal(label, now);
}

bool standby_is_starting(const struct instance *instance, int64_t now) {
    return !instance_running(instance) && age_of(instance, now) < START_SECONDS;
}

bool standby_is_ready(const struct instance *instance, const struct standby_kind *kind, int64_t now) {
    return standby_is_idle(instance) && instance_running(instance) &&
           str_equal(instance_config(instance, LABEL_STANDBY), kind->digest) &&
           str_equal(instance_config(instance, "volatile.base_image"), kind->fingerprint) &&
           !standby_stale(instance, kind, now);
}

const char *standby_stale(const struct instance *instance, const struct standby_kind *kind, int64_t now) {
    if (!standby_is_idle(instance) ||
        (kind->host && !str_equal(instance_config(instance, LABEL_HOST), kind->host)))
        return NULL;
    if (is_retired(instance))
        return "it is being removed";
    if (!str_equal(instance_config(instance, LABEL_VERSION), BERTH_VERSION))
        return "made by another version of berth";
    if (age_of(instance, now) >= STANDBY_AGE_SECONDS)
        return "older than a day";
    /* one that ends in the middle of a claim leaves a container that says that it waits, with a workspace
     */
    if (!str_equal(instance_config(instance, LABEL_DAEMON), kind->daemon))
        return "made before the daemon's last start";
    if (!instance_running(instance) && !standby_is_starting(instance, now))
        return "it never started";
    if (settings_changed(instance_config(instance, LABEL_SETTINGS), kind->settings))
        return "the settings have changed";
    bool same_image = !str_equal(instance_config(instance, LABEL_IMAGE), kind->image) ||
                      !kind->fingerprint ||
                      str_equal(instance_config(instance, "volatile.base_image"), kind->fingerprint);
    return same_image ? NULL : "the image has changed";
}

size_t standby_count(const struct standby_kind *kind, const struct strings *names) {
    size_t count = 0;
    for (size_t i = 0; i < names->count; i++)
        count += str_starts(names->items[i], kind->stem);
    return count;
}

json_t *standby_config(const struct instance *instance, const struct plan *plan) {
    const char *key;
    const json_t *value;
    json_t *config = json_object();
    json_object_foreach(json_at(instance->json, "config"), key, value) {
        if (is_runs(key))
            json_object_set_new(config, key, json_string("")); /* the daemon's word for none */
    }
    json_object_foreach(json_at(plan->body, "config"), key, value) {
        if (is_runs(key))
            json_object_set(config, key, (json_t *)value);
    }
    return config;
}

json_t *standby_devices(const struct prepared *prepared, const struct plan *plan) {
    const char *name;
    json_t *device, *devices = json_object();
    json_object_foreach(json_at(plan->body, "devices"), name, device) {
        if (is_runs_device(name) && !str_starts(name, GUARD_DEVICE))
            json_object_set(devices, name, device);
    }
    _cleanup_json_ json_t *guarded =
        guard_bind_devices(&prepared->guard, plan->decision.shift, prepared->empty ? prepared->empty : "");
    json_object_update(devices, guarded);
    return devices;
}
