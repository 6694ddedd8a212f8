#include "launch/reuse.h"

#include "guard/devices.h"
#include "idmap/explain.h"
#include "launch/failure.h"
#include "launch/label.h"
#include "launch/nics.h"
#include "launch/prepare.h"
#include "launch/verify.h"
#include "network/up.h"

static bool same_mapping(const struct instance *instance, const struct idmap_decision *decision) {
    bool shift = str_equal(instance_device(instance, WORKSPACE_DEVICE, "shift"), "true");
    return str_equal(instance_config(instance, "raw.idmap"), decision->raw) && shift == decision->shift;
}

/* The mapping that is needed now, on the container and on each of its disks but the root. */
static bool change_mapping(struct incus *client, const struct instance *instance,
                           const struct idmap_decision *decision, struct error *err) {
    json_t *devices = json_object();
    const char *name;
    json_t *device;
    json_object_foreach(json_at(instance->json, "devices"), name, device) {
        if (!str_equal(json_get_str(device, "type"), "disk") ||
            str_equal(json_get_str(device, "path"), "/"))
            continue;
        json_t *changed = json_copy(device);
        json_object_set_new(changed, "shift", json_text(decision->shift ? "true" : "false"));
        json_object_set_new(devices, name, changed);
    }
    _cleanup_json_ json_t *body =
        json_pack("{s:{s:s}, s:o}", "config", "raw.idmap", decision->raw, "devices", devices);
    return instance_patch(client, instance->name, body, err);
}

/* A difference is said, and changed if the user wants that; what runs is stopped for it. */
static bool settle_mapping(struct incus *client, struct prepared *prepared,
                           const struct launch_watcher *watcher, struct plan *plan, struct error *err) {
    const struct instance *instance = &prepared->existing;
    if (same_mapping(instance, &prepared->decision))
        return true;
    _cleanup_free_ char *has = explain_raw(instance_config(instance, "raw.idmap")),
                        *needs = explain_raw(prepared->decision.raw);
    bool shift = str_equal(instance_device(instance, WORKSPACE_DEVICE, "shift"), "true");
    _cleanup_free_ char *words = str_printf("%s has the mapping %s, %s would be needed now", instance->name,
                                            *has    ? has
                                            : shift ? "shift"
                                                    : "none",
                                            *needs ? needs : "shift");
    _cleanup_free_ char *question = str_printf(
        "%s: %s?", words,
        plan->was_running ? "restart it with that, ending what runs in it" : "start it with that");
    if (!watcher->ask || !watcher->ask(watcher->data, question)) {
        plan->other_mapping = true;
        watcher_notice(watcher, "%s", words);
        return true;
    }
    if (plan->was_running && !instance_change(client, instance->name, "stop", false, 60, err))
        return false;
    plan->was_running = false;
    return change_mapping(client, instance, &prepared->decision, err);
}

/*
 * The network that is asked for, if the container has another: one that is stopped gets it. One that runs
 * is moved only if the user says so, for its connections are lost; it is used as it is where it reaches
 * less, or where nobody asked for the mode that it should have.
 */
static bool settle_network(struct incus *client, struct prepared *prepared,
                           const struct launch_watcher *watcher, struct plan *plan, struct error *err) {
    const struct instance *instance = &prepared->existing;
    const json_t *devices = json_at(plan->body, "devices");
    const char *extra, *asked = network_mode_name(plan->mode),
                       *where = prepared->request->settings->values[SETTING_NETWORK].where;
    enum network_mode has = nics_mode(instance);
    if (nics_match(instance, devices, &extra))
        return true;
    if (extra && plan->mode != NETWORK_OPEN)
        return nics_refuse(instance->name, extra, plan->mode, err);
    _cleanup_free_ char *words = str_printf("the network of %s is %s%s, %s asks for %s", instance->name,
                                            network_mode_name(has),
                                            has == plan->mode ? " by other rules" : "", where, asked),
                        *question = str_printf("%s: change it, ending its connections?", words);
    if (!plan->was_running || (watcher->ask && watcher->ask(watcher->data, question))) {
        watcher_notice(watcher, "%s: changed", words);
        return nics_move(client, instance->name, &prepared->network, devices, err);
    }
    plan->other_network = true;
    bool asked_for = prepared->request->settings->values[SETTING_NETWORK].origin != ORIGIN_DEFAULT;
    if (rules_as_narrow(has, plan->mode) || !asked_for) {
        watcher_notice(watcher, "%s", words);
        return true;
    }
    error_set(err, ERROR_REFUSED, "%s, and it is running", words);
    error_hint(err, "berth network set %s --network %s changes it, ending its connections", instance->name,
               asked);
    return false;
}

static bool has_publish(const struct instance *instance, const json_t *wanted) {
    const char *name;
    const json_t *device;
    json_object_foreach((json_t *)instance->devices, name, device) {
        if (str_equal(json_get_str(device, "listen"), json_get_str(wanted, "listen")) &&
            str_equal(json_get_str(device, "connect"), json_get_str(wanted, "connect")))
            return true;
    }
    return false;
}

static bool has_mount(const struct instance *instance, const struct mount *mount) {
    const char *name;
    const json_t *device;
    json_object_foreach((json_t *)instance->devices, name, device) {
        if (str_equal(json_get_str(device, "path"), mount->path) &&
            str_equal(json_get_str(device, "source"), mount->source))
            return true;
    }
    return false;
}

/* Under the next of the names PREFIX1, PREFIX2, … that the instance does not have. */
static void add_device(const struct instance *instance, const char *prefix, json_t *devices,
                       json_t *take_device) {
    _cleanup_free_ char *name = NULL;
    unsigned int number = 0;
    do {
        free(name);
        name = str_printf("%s%u", prefix, ++number);
    } while (json_object_get(instance->devices, name) || json_object_get(devices, name));
    json_object_set_new(devices, name, take_device);
}

/*
 * Mounts and ports that it has not. raw.idmap on the container means no shift on any device, one that is
 * added later too.
 */
static bool add_devices(struct incus *client, const struct prepared *prepared, const struct plan *plan,
                        struct error *err) {
    const struct instance *instance = &prepared->existing;
    json_t *devices = json_object();
    _cleanup_json_ json_t *body = json_pack("{s:o}", "devices", devices);
    for (size_t i = 0; i < prepared->mounts.count; i++) {
        const struct mount *mount = &prepared->mounts.items[i];
        if (!has_mount(instance, mount))
            add_device(instance, "mount-", devices, plan_disk(mount, plan->decision.shift));
    }
    for (size_t i = 0; i < prepared->publishes.count; i++) {
        json_t *device = publish_device(&prepared->publishes.items[i]);
        if (has_publish(instance, device))
            json_decref(device);
        else
            add_device(instance, PUBLISH_DEVICE, devices, device);
    }
    return json_object_size(devices) == 0 || instance_patch(client, instance->name, body, err);
}

/* What of the plan the guard has put into the config. */
static const char *const guard_keys[] = {"raw.apparmor", "security.syscalls.deny", LABEL_ROOT};

static bool is_guards(const char *device) {
    return str_starts(device, GUARD_DEVICE);
}

/* Whether something that is not the guard's is at the path of one of its devices: that stays. */
static bool is_taken(json_t *devices, const json_t *guarded) {
    const char *name;
    const json_t *device;
    json_object_foreach(devices, name, device) {
        if (!is_guards(name) && str_equal(json_get_str(device, "path"), json_get_str(guarded, "path")))
            return true;
    }
    return false;
}

/* Puts the plan's guard in the place of the one that `config` and `devices` have; false: it is the same. */
static bool replace_guard(const struct plan *plan, json_t *config, json_t *devices) {
    _cleanup_json_ json_t *before = json_deep_copy(devices), *new = json_object();
    const char *name;
    json_t *device;
    void *next;
    bool same = true;
    json_object_foreach_safe(devices, next, name, device) {
        if (is_guards(name))
            json_object_del(devices, name);
    }
    json_object_foreach(json_at(plan->body, "devices"), name, device) {
        if (is_guards(name) && !is_taken(devices, device))
            json_object_set(new, name, device);
    }
    json_object_update(devices, new);
    for (size_t i = 0; i < array_length(guard_keys); i++) {
        const char *wanted = json_get_str(json_at(plan->body, "config"), guard_keys[i]);
        same = same && str_equal(json_get_str(config, guard_keys[i]), wanted);
        if (*wanted)
            json_object_set_new(config, guard_keys[i], json_text(wanted));
        else
            json_object_del(config, guard_keys[i]);
    }
    return !same || !json_equal(before, devices);
}

/*
 * The guard that is needed now. What runs keeps what it has until it is started again: the daemon removes
 * the file over which a device lies when that is taken out of a running container (Incus 6.0), which here
 * would be the host's own.
 */
static bool settle_guard(struct incus *client, const struct prepared *prepared,
                         const struct launch_watcher *watcher, struct plan *plan, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_get(client, prepared->existing.name, &instance, err))
        return false;
    json_t *config = json_at(instance.json, "config"), *devices = json_at(instance.json, "devices");
    if (!replace_guard(plan, config, devices))
        return true;
    if (plan->was_running) {
        str_set(&plan->expected, "");
        str_set(&plan->probe, "");
        watcher_notice(watcher,
                       "warning: %s runs with another guard than its workspace needs now; it gets "
                       "that when it is started again",
                       instance.name);
        return true;
    }
    _cleanup_json_ json_t *body = json_pack(
        "{s:O, s:O, s:O, s:O, s:O, s:O}", "architecture", json_at(instance.json, "architecture"), "config",
        config, "devices", devices, "ephemeral", json_at(instance.json, "ephemeral"), "profiles",
        json_at(instance.json, "profiles"), "description", json_at(instance.json, "description"));
    watcher_notice(watcher, "%s: its guard is brought up to what its workspace needs now", instance.name);
    return instance_put(client, instance.name, body, err);
}

/* Its start with shift failed for want of idmapped mounts: it gets raw.idmap, for good. */
static bool heal(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) {
    const struct instance *instance = &prepared->existing;
    const char *filesystem = prepared->facts.deciding;
    error_done(err);
    if (!prepare_without_shift(prepared, err))
        return false;
    plan->decision = prepared->decision;
    plan->other_mapping = false;
    _cleanup_json_ json_t *body = json_pack("{s:{s:s}}", "config", LABEL_NO_SHIFT, filesystem);
    if (!change_mapping(client, instance, &prepared->decision, err) ||
        !instance_patch(client, instance->name, body, err) ||
        !instance_change(client, instance->name, "start", false, -1, err))
        return false;
    watcher_notice(watcher,
                   "%s does not take idmapped mounts here: %s now has raw.idmap \"%s\" instead of shift",
                   filesystem, instance->name, prepared->decision.raw);
    return true;
}

bool reuse_start(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) {
    const struct instance *instance = &prepared->existing;
    _cleanup_(records_done) struct records records = {.remote = incus_remote(client)};
    if (!verify_instance_safe(instance, err) || !network_up(client, &prepared->network, err))
        return false;
    prepare_plan(prepared, plan);
    plan->reused = true;
    plan->was_running = instance_running(instance);
    plan->code = label_code(instance, prepared->request->settings);
    plan->persistent = label_is_persistent(instance, &records);
    if (!settle_mapping(client, prepared, watcher, plan, err))
        return false;
    if (plan->other_mapping) {
        const char *raw = instance_config(instance, "raw.idmap");
        plan->decision.shift = !*raw;
        snprintf(plan->decision.raw, sizeof plan->decision.raw, "%s", raw);
    }
    if (!settle_network(client, prepared, watcher, plan, err) ||
        !settle_guard(client, prepared, watcher, plan, err) || !add_devices(client, prepared, plan, err))
        return false;
    if (plan->was_running || instance_change(client, instance->name, "start", false, -1, err))
        return true;
    if (failure_is_shift(err))
        return heal(client, prepared, watcher, plan, err);
    failure_explain(plan, err);
    return false;
}
