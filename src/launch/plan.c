#include "launch/plan.h"

#include "base/version.h"
#include "guard/devices.h"
#include "idmap/explain.h"
#include "launch/label.h"
#include "launch/nics.h"

#include <assert.h>
#include <string.h>

void plan_done(struct plan *plan) {
    free(plan->name);
    json_decref(plan->body);
    json_decref(plan->copy);
    json_decref(plan->environment);
    json_decref(plan->network);
    json_decref(plan->guard);
    free(plan->expected);
    free(plan->probe);
    strings_done(&plan->command);
    *plan = (struct plan){0};
}

static void set(json_t *map, const char *key, const char *value) {
    if (*value)
        json_object_set_new(map, key, json_text(value));
}

static void set_ids(json_t *map, const char *key, struct idmap_ids ids) {
    _cleanup_free_ char *text = str_printf("%u:%u", ids.uid, ids.gid);
    set(map, key, text);
}

/* https://linuxcontainers.org/incus/docs/main/reference/instance_options/ */
static void harden(json_t *config) {
    set(config, "security.privileged", "false");
    set(config, "security.guestapi", "false");
    /* containers in containers: a session may build images and run them */
    set(config, "security.nesting", "true");
    set(config, "linux.sysctl.net.ipv4.ip_unprivileged_port_start", "0");
}

/*
 * The daemon does mknod(2) and setxattr(2) for the container. Kernels from 5.11 on let containers in
 * containers do without. It is not the default: systemd sets extended attributes at every start of a unit,
 * and one that meets a daemon that is just being restarted cuts the container off from it (liblxc 5.0.2,
 * "No seccomp proxy fd specified"): no command can be started in it any more, so that a session is lost
 * until its restart.
 */
static void intercept(json_t *config) {
    set(config, "security.syscalls.intercept.mknod", "true");
    set(config, "security.syscalls.intercept.setxattr", "true");
}

static bool denies_root(const struct settings *settings) {
    return str_equal(settings_text(settings, SETTING_GUARD_ROOT), "deny");
}

static json_t *make_config(const struct plan_input *input) {
    const struct settings *settings = input->settings;
    json_t *config = json_object();
    set(config, "raw.idmap", input->decision.raw);
    set(config, "security.idmap.isolated", input->not_isolated ? "false" : "true");
    harden(config);
    if (input->no_nesting)
        json_object_del(config, "security.nesting");
    if (settings_bool(settings, SETTING_INTERCEPT) && !input->no_interception)
        intercept(config);
    set(config, "limits.cpu", settings_text(settings, SETTING_CPU));
    set(config, "limits.memory", settings_text(settings, SETTING_MEMORY));
    set(config, "limits.processes", settings_text(settings, SETTING_PROCESSES));

    if (input->apparmor) {
        _cleanup_free_ char *rules = guard_apparmor(input->guard);
        set(config, "raw.apparmor", rules);
        set(config, "security.syscalls.deny", guard_denied_calls);
    }

    _cleanup_free_ char *slot = str_printf("%u", input->slot);
    set(config, LABEL_VERSION, BERTH_VERSION);
    set(config, LABEL_LAUNCH, input->launch_id);
    set(config, LABEL_OWNER, input->owner ? input->owner : "");
    set(config, LABEL_RECORD, input->session_id ? input->session_id : "");
    set(config, LABEL_WORKSPACE, input->workspace);
    set(config, LABEL_SLOT, slot);
    set(config, LABEL_COMMIT, input->commit ? input->commit : "");
    set(config, LABEL_IMAGE, settings_text(settings, SETTING_IMAGE));
    set(config, LABEL_PERSISTENT, input->persistent ? "true" : "false");
    if (input->facts.source != IDMAP_FROM_NOWHERE)
        set_ids(config, LABEL_HOST, input->facts.host);
    set_ids(config, LABEL_CODE, input->facts.code);
    set(config, LABEL_REASON, explain_reason_code(input->decision.reason));
    _cleanup_free_ char *allow = reaches_text(&input->network->rules.allow);
    set(config, LABEL_NETWORK, network_mode_name(input->network->rules.mode));
    set(config, LABEL_ALLOW, allow);
    set(config, LABEL_NOT_ISOLATED, input->not_isolated ? input->not_isolated : "");
    set(config, LABEL_ROOT, denies_root(settings) ? "deny" : "");
    set(config, LABEL_NO_SHIFT, input->no_shift ? input->no_shift : "");
    return config;
}

static json_t *disk(const char *source, const char *path, bool shift, bool read_only) {
    json_t *device = json_object();
    set(device, "type", "disk");
    set(device, "source", source);
    set(device, "path", path);
    set(device, "shift", shift ? "true" : "false");
    set(device, "readonly", read_only ? "true" : "");
    return device;
}

json_t *plan_disk(const struct mount *mount, bool shift) {
    return disk(mount->source, mount->path, shift, mount->read_only);
}

/* The profile's root disk stands unless something of it is to differ. */
static void add_root(const struct plan_input *input, json_t *devices) {
    const char *pool = settings_text(input->settings, SETTING_STORAGE_POOL);
    const char *read = settings_text(input->settings, SETTING_DISK_READ);
    const char *write = settings_text(input->settings, SETTING_DISK_WRITE);
    if (!*pool && !*read && !*write)
        return;
    json_t *root = input->root_device ? json_copy((json_t *)input->root_device) : json_object();
    set(root, "type", "disk");
    set(root, "path", "/");
    set(root, "pool", pool);
    set(root, "limits.read", read);
    set(root, "limits.write", write);
    json_object_set_new(devices, "root", root);
}

static void add_publishes(const struct publishes *publishes, json_t *devices) {
    for (size_t i = 0; publishes && i < publishes->count; i++) {
        _cleanup_free_ char *name = str_printf(PUBLISH_DEVICE "%zu", i + 1);
        json_object_set_new(devices, name, publish_device(&publishes->items[i]));
    }
}

static json_t *make_devices(const struct plan_input *input) {
    bool shift = input->decision.shift;
    json_t *devices = json_object();
    json_object_set_new(devices, WORKSPACE_DEVICE, disk(input->source, WORKSPACE_PATH, shift, false));
    for (size_t i = 0; input->mounts && i < input->mounts->count; i++) {
        const struct mount *mount = &input->mounts->items[i];
        _cleanup_free_ char *name = str_printf("mount-%zu", i + 1);
        json_object_set_new(devices, name, plan_disk(mount, shift));
    }
    _cleanup_json_ json_t *guarded = guard_devices(input->guard, shift, input->empty);
    json_object_update(devices, guarded);
    add_root(input, devices);
    _cleanup_json_ json_t *nics = nics_plan(input->network, input->nics);
    json_object_update(devices, nics);
    add_publishes(input->publishes, devices);
    return devices;
}

/* Terminal types that a minimal Debian knows; any other becomes the one that most resemble. */
static const char *sane_term(const char *term) {
    static const char *const known[] = {"xterm",      "xterm-256color", "screen", "screen-256color",
                                        "tmux",       "tmux-256color",  "linux",  "vt100",
                                        "vt220",      "rxvt",           "dumb",   "ansi",
                                        "xterm-color"};
    for (size_t i = 0; i < array_length(known); i++)
        if (str_equal(term, known[i]))
            return term;
    return "xterm-256color";
}

json_t *plan_environment(const struct plan_input *input) {
    const char *user = settings_text(input->settings, SETTING_CODE_USER);
    _cleanup_free_ char *home = str_printf("/home/%s", user);
    json_t *environment = json_object();
    set(environment, "HOME", home);
    set(environment, "USER", user);
    set(environment, "LOGNAME", user);
    /* the image has no other locale for certain */
    set(environment, "LANG", strcasestr(input->language, "utf") ? "C.UTF-8" : "C");
    set(environment, "TERM", *input->term ? sane_term(input->term) : "dumb");
    set(environment, "TZ", input->zone);
    if (input->environment)
        json_object_update(environment, (json_t *)input->environment);
    return environment;
}

static json_t *network_json(const struct network *network) {
    _cleanup_(strings_done) struct strings lines = {0};
    json_t *json = rules_json(&network->rules), *reach = json_array();
    rules_explain(&network->rules, &lines);
    for (size_t i = 0; i < lines.count; i++)
        json_array_append_new(reach, json_text(lines.items[i]));
    json_object_set_new(json, "name", json_text(network->name ? network->name : ""));
    json_object_set_new(json, "explained", reach);
    return json;
}

static json_t *make_body(const char *name, const char *image, bool ephemeral, json_t *take_config,
                         json_t *take_devices) {
    bool fingerprint = strlen(image) >= 12 && strspn(image, "0123456789abcdef") == strlen(image);
    return json_pack("{s:o, s:s, s:{s:s, s:o}, s:b, s:o, s:o}", "name", json_text(name), "type",
                     "container", "source", "type", "image", fingerprint ? "fingerprint" : "alias",
                     json_text(image), "ephemeral", ephemeral, "config", take_config, "devices",
                     take_devices);
}

json_t *plan_bare(const char *name, const char *image, bool ephemeral) {
    json_t *config = json_object();
    set(config, "security.idmap.isolated", "true");
    harden(config);
    json_t *body = make_body(name, image, ephemeral, config, json_object());
    json_object_set_new(body, "start", json_true());
    return body;
}

/* Against whom it is meant to hold; whether it does is seen at the start. */
static const char *guard_strength(const struct plan_input *input) {
    return input->apparmor || denies_root(input->settings) ? "root" : "code";
}

static void add_guard(const struct plan_input *input, struct plan *plan) {
    _cleanup_(strings_done) struct strings lines = {0};
    plan->guard = guard_json(input->guard);
    json_object_set_new(plan->guard, "against", json_string(guard_strength(input)));
    guard_expected_mounts(input->guard, &lines);
    plan->expected = lines.count ? strings_join(&lines, "\n") : str_copy("");
    plan->probe = input->apparmor ? guard_probe(input->guard) : str_copy("");
    plan->no_root = denies_root(input->settings);
}

/* prctl(2), PR_SET_NO_NEW_PRIVS: sudo and every other setuid program have no effect. */
void plan_add_no_root(struct strings *command) {
    strings_add_all(command, "setpriv", "--no-new-privs", NULL);
}

void plan_make(const struct plan_input *input, struct plan *plan) {
    const struct idmap_decision *decision = &input->decision;
    assert(decision->method != IDMAP_REFUSED);
    assert(!(decision->shift && decision->raw[0]));
    const char *image = settings_text(input->settings, SETTING_IMAGE);
    *plan = (struct plan){.name = str_copy(input->name),
                          .decision = *decision,
                          .code = input->facts.code,
                          .persistent = input->persistent,
                          .mode = input->network->rules.mode};
    plan->body = make_body(input->name, image, !input->persistent && !input->shell, make_config(input),
                           make_devices(input));
    plan->environment = plan_environment(input);
    plan->network = network_json(input->network);
    add_guard(input, plan);
    if (plan->no_root && input->command && input->command->count)
        plan_add_no_root(&plan->command);
    for (size_t i = 0; input->command && i < input->command->count; i++)
        strings_add(&plan->command, input->command->items[i]);
}

const char *plan_image(const struct plan *plan) {
    const json_t *source = json_at(plan->body, "source");
    const char *alias = json_str_at(source, "alias");
    return *alias                                ? alias
           : *json_str_at(source, "fingerprint") ? json_str_at(source, "fingerprint")
                                                 : json_str_at(source, "source");
}

json_t *plan_json(const struct plan *plan) {
    json_t *command = json_array();
    for (size_t i = 0; i < plan->command.count; i++)
        json_array_append_new(command, json_text(plan->command.items[i]));
    return json_pack("{s:s, s:s, s:O, s:O, s:O, s:o, s:O, s:O, s:{s:o, s:O, s:s, s:I, s:I}}", "name",
                     plan->name, "image", plan_image(plan), "ephemeral", json_at(plan->body, "ephemeral"),
                     "config", json_at(plan->body, "config"), "devices", json_at(plan->body, "devices"),
                     "decision", explain_decision_json(&plan->decision), "guard", plan->guard, "network",
                     plan->network, "command", "argv", command, "environment", plan->environment, "cwd",
                     WORKSPACE_PATH, "user", (json_int_t)plan->code.uid, "group",
                     (json_int_t)plan->code.gid);
}
