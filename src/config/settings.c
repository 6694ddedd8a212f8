#include "config/settings.h"

#include "base/path.h"
#include "config/ini.h"
#include "config/value.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

const struct setting_spec setting_specs[SETTINGS_COUNT] = {
    [SETTING_PROJECT] = {"incus", "project", "BERTH_PROJECT", KIND_TEXT, "default"},
    [SETTING_CODE_UID] = {"incus", "code_uid", "BERTH_CODE_UID", KIND_ID, "1000"},
    [SETTING_CODE_GID] = {"incus", "code_gid", "BERTH_CODE_GID", KIND_ID, ""},
    [SETTING_CODE_USER] = {"incus", "code_user", "BERTH_CODE_USER", KIND_TEXT, "code"},
    [SETTING_DISABLE_SHIFT] = {"incus", "disable_shift", "BERTH_DISABLE_SHIFT", KIND_BOOL, "false"},
    [SETTING_TARGET] = {"incus", "target", "BERTH_TARGET", KIND_TEXT, ""},
    [SETTING_SHARED] = {"incus", "shared", "BERTH_SHARED", KIND_TEXT, ""},
    [SETTING_IMAGE] = {"container", "image", "BERTH_IMAGE", KIND_TEXT, "coi"},
    [SETTING_RECIPE] = {"container", "recipe", "BERTH_RECIPE", KIND_TEXT, ""},
    [SETTING_PERSISTENT] = {"container", "persistent", "BERTH_PERSISTENT", KIND_BOOL, "false"},
    [SETTING_STORAGE_POOL] = {"container", "storage_pool", "BERTH_STORAGE_POOL", KIND_TEXT, ""},
    [SETTING_PRE_START] = {"container", "pre_start", "BERTH_PRE_START", KIND_PROGRAM, ""},
    [SETTING_INTERCEPT] = {"container", "syscall_intercept", "BERTH_SYSCALL_INTERCEPT", KIND_BOOL, "false"},
    [SETTING_STANDBY] = {"container", "standby", "BERTH_STANDBY", KIND_FEW, "0"},
    [SETTING_CPU] = {"limits", "cpu", "BERTH_CPU", KIND_CPU, ""},
    [SETTING_MEMORY] = {"limits", "memory", "BERTH_MEMORY", KIND_SIZE, ""},
    [SETTING_DISK_READ] = {"limits", "disk_read", "BERTH_DISK_READ", KIND_RATE, ""},
    [SETTING_DISK_WRITE] = {"limits", "disk_write", "BERTH_DISK_WRITE", KIND_RATE, ""},
    [SETTING_PROCESSES] = {"limits", "processes", "BERTH_PROCESSES", KIND_COUNT, ""},
    [SETTING_NETWORK] = {"network", "mode", "BERTH_NETWORK_MODE", KIND_NETWORK, "restricted"},
    [SETTING_ALLOW] = {"network", "allow", "BERTH_NETWORK_ALLOW", KIND_TEXT, ""},
    [SETTING_ALLOWED_PORTS] = {"network", "allowed_ports", "BERTH_NETWORK_ALLOWED_PORTS", KIND_TEXT, ""},
    [SETTING_DNS_SERVERS] = {"network", "dns_servers", "BERTH_NETWORK_DNS_SERVERS", KIND_TEXT, ""},
    [SETTING_PUBLISH] = {"network", "publish", "BERTH_NETWORK_PUBLISH", KIND_TEXT, ""},
    [SETTING_GUARD_PATHS] = {"guard", "paths", "BERTH_GUARD_PATHS", KIND_TEXT, ""},
    [SETTING_GUARD_WRITABLE] = {"guard", "writable", "BERTH_GUARD_WRITABLE", KIND_TEXT, ""},
    [SETTING_GUARD_ROOT] = {"guard", "root", "BERTH_GUARD_ROOT", KIND_ROOT, "allow"},
    [SETTING_GUARD_CHANGED] = {"guard", "changed", "BERTH_GUARD_CHANGED", KIND_CHANGED, "ask"},
    [SETTING_SECRET_PATHS] = {"guard", "secret_paths", "BERTH_SECRET_PATHS", KIND_TEXT, ""},
    [SETTING_SNAPSHOT_BEFORE] = {"snapshot", "before", "BERTH_SNAPSHOT_BEFORE", KIND_BEFORE, "restore"},
    [SETTING_SNAPSHOT_KEEP] = {"snapshot", "keep", "BERTH_SNAPSHOT_KEEP", KIND_COUNT, "5"},
    [SETTING_TOOL] = {"tool", "command", "BERTH_TOOL", KIND_TEXT, ""},
    [SETTING_TOOL_DATA] = {"tool", "data", "BERTH_TOOL_DATA", KIND_HOME, ""},
    [SETTING_TOOL_DATA_LIMIT] = {"tool", "data_limit", "BERTH_TOOL_DATA_LIMIT", KIND_COUNT, "64"},
    [SETTING_THEME] = {"screen", "theme", "BERTH_THEME", KIND_THEME, "auto"},
    [SETTING_WALL] = {"screen", "wall", "BERTH_WALL", KIND_WALL, "off"},
    [SETTING_ATTENTION] = {"screen", "attention", "BERTH_ATTENTION", KIND_BOOL, "true"},
    [SETTING_ATTENTION_DELAY] = {"screen", "attention_delay", "BERTH_ATTENTION_DELAY", KIND_SECONDS, "10"},
    [SETTING_ON_ATTENTION] = {"screen", "on_attention", "BERTH_ON_ATTENTION", KIND_PROGRAM, ""},
};

/* What a profile's section begins with. */
#define PROFILE "profile "

static void store(struct settings *settings, enum setting which, const char *value, enum origin origin,
                  const char *where) {
    str_set(&settings->values[which].text, value);
    str_set(&settings->values[which].where, where);
    settings->values[which].origin = origin;
}

struct parse {
    struct ini_text text;
    struct settings *settings;
    bool seen[SETTINGS_COUNT];
};

static int find(const char *section, const char *key) {
    for (int i = 0; i < SETTINGS_COUNT; i++)
        if (str_equal(setting_specs[i].section, section) && str_equal(setting_specs[i].key, key))
            return i;
    return -1;
}

static void unknown_key(struct parse *parse, const char *section, const char *key) {
    _cleanup_free_ char *shown = str_shown(key), *shown_section = str_shown(section);
    error_set(parse->text.err, ERROR_USAGE, "%s:%d: unknown key \"%s\" in [%s]", parse->text.file,
              parse->text.line, shown, shown_section);
    for (int i = 0; i < SETTINGS_COUNT; i++)
        if (str_equal(setting_specs[i].key, key))
            error_hint(parse->text.err, "%s belongs into [%s]", key, setting_specs[i].section);
    _cleanup_(strings_done) struct strings keys = {0};
    for (int i = 0; i < SETTINGS_COUNT; i++)
        if (str_equal(setting_specs[i].section, section))
            strings_add(&keys, setting_specs[i].key);
    _cleanup_free_ char *list = strings_join(&keys, ", ");
    if (keys.count)
        error_hint(parse->text.err, "[%s] has: %s", section, list);
    else
        error_hint(parse->text.err, "the sections are [incus], [container], [mounts], [network], [guard], "
                                    "[limits], [tool], [snapshot], [screen], [profile NAME], [member NAME] "
                                    "and [remote NAME]");
}

static int take_value(struct parse *parse, enum setting which, const char *key, const char *value,
                      bool *seen, const char *where) {
    if (*seen) {
        error_set(parse->text.err, ERROR_USAGE, "%s: %s is set twice", where, key);
        return 0;
    }
    *seen = true;
    if (value_check(setting_specs[which].kind, value, parse->text.err))
        return 1;
    error_prefix(parse->text.err, "%s: %s", where, key);
    return 0;
}

static void add_mount(struct settings *settings, const char *profile, const char *text, const char *where) {
    settings->mounts = mem_grow(settings->mounts, (settings->mount_count + 1) * sizeof *settings->mounts);
    settings->mounts[settings->mount_count++] =
        (struct setting_mount){str_copy(profile), str_copy(text), str_copy(where)};
}

/* A mount's key is a path of the host. Whether that is there is looked at when it is mounted. */
static bool is_path(const char *key) {
    return key[0] == '/' || key[0] == '~';
}

static int take_mount(struct parse *parse, const char *profile, const char *key, const char *value) {
    _cleanup_free_ char *where = str_printf("%s:%d", parse->text.file, parse->text.line),
                        *text = str_printf("%s:%s", key, value);
    if (!is_path(key) || value[0] != '/') {
        _cleanup_free_ char *shown = str_shown(key);
        error_set(parse->text.err, ERROR_USAGE,
                  "%s: %s: a mount is HOST = CONTAINER[:ro], both absolute paths", where, shown);
        error_hint(parse->text.err, "~/data = /data:ro");
        return 0;
    }
    add_mount(parse->settings, profile, text, where);
    return 1;
}

/* Of a profile every key may be set, whatever its section otherwise. */
static int take_profile(struct parse *parse, const char *name, const char *key, const char *value) {
    struct settings *settings = parse->settings;
    _cleanup_free_ char *where = str_printf("%s:%d", parse->text.file, parse->text.line);
    int which = 0;
    if (is_path(key))
        return take_mount(parse, name, key, value);
    while (which < SETTINGS_COUNT && !str_equal(setting_specs[which].key, key))
        which++;
    if (which == SETTINGS_COUNT) {
        _cleanup_free_ char *shown = str_shown(key);
        error_set(parse->text.err, ERROR_USAGE, "%s: unknown key \"%s\" in a profile", where, shown);
        error_hint(parse->text.err, "a profile may set whatever the other sections have: berth config");
        return 0;
    }
    bool seen = false;
    for (size_t i = 0; i < settings->profile_count; i++)
        seen |= str_equal(settings->profiles[i].profile, name) && (int)settings->profiles[i].which == which;
    if (!take_value(parse, (enum setting)which, key, value, &seen, where))
        return 0;
    settings->profiles =
        mem_grow(settings->profiles, (settings->profile_count + 1) * sizeof *settings->profiles);
    settings->profiles[settings->profile_count++] =
        (struct profile_value){str_copy(name), (enum setting)which, str_copy(value), str_copy(where)};
    return 1;
}

static int take_machine(struct parse *parse, enum machine_kind kind, const char *name, const char *key,
                        const char *value) {
    _cleanup_free_ char *where = str_printf("%s:%d", parse->text.file, parse->text.line);
    return machines_take(&parse->settings->machines, kind, name, key, value, where, parse->text.err);
}

static int take_pair(void *data, const char *section, const char *key, const char *value) {
    struct parse *parse = data;
    enum machine_kind kind = MACHINE_MEMBER;
    const char *machine = machine_section(section, &kind);
    int which = find(section, key);
    if (parse->text.err->class)
        return 0;
    if (machine)
        return take_machine(parse, kind, machine, key, value);
    if (str_starts(section, PROFILE) && section[strlen(PROFILE)])
        return take_profile(parse, section + strlen(PROFILE), key, value);
    if (str_equal(section, "mounts"))
        return take_mount(parse, NULL, key, value);
    if (which < 0) {
        unknown_key(parse, section, key);
        return 0;
    }
    _cleanup_free_ char *where = str_printf("%s:%d", parse->text.file, parse->text.line);
    if (!take_value(parse, (enum setting)which, key, value, &parse->seen[which], where))
        return 0;
    store(parse->settings, (enum setting)which, value, ORIGIN_FILE, where);
    return 1;
}

bool settings_parse(struct settings *settings, const char *file, const char *content, struct error *err) {
    struct parse parse = {.text = {.file = file, .rest = content, .err = err}, .settings = settings};
    return ini_text_parse(&parse.text, take_pair, &parse);
}

static char *config_file(const char *name) {
    const char *base = getenv("XDG_CONFIG_HOME");
    if (!str_empty(base) && base[0] == '/')
        return str_printf("%s/berth/%s", base, name);
    return str_printf("%s/.config/berth/%s", path_home(), name);
}

static bool load_file(struct settings *settings, const char *file, struct error *err) {
    _cleanup_(buffer_done) struct buffer content = {0};
    _cleanup_(error_done) struct error reading = {0};
    if (!path_read(file, &content, &reading)) {
        if (reading.code == ENOENT || reading.code == ENOTDIR)
            return true;
        error_move(err, &reading);
        return false;
    }
    if (strlen(content.data) != content.size)
        return error_set(err, ERROR_USAGE, "%s: a NUL byte: this is not a text file", file);
    return settings_parse(settings, file, content.data, err);
}

static bool load_environment(struct settings *settings, struct error *err) {
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        const char *value = getenv(setting_specs[i].variable);
        if (str_empty(value))
            continue;
        _cleanup_free_ char *where = str_printf("$%s", setting_specs[i].variable);
        if (!value_check(setting_specs[i].kind, value, err)) {
            error_prefix(err, "%s", where);
            return false;
        }
        store(settings, (enum setting)i, value, ORIGIN_ENVIRONMENT, where);
    }
    return true;
}

void settings_defaults(struct settings *settings) {
    for (int i = 0; i < SETTINGS_COUNT; i++)
        store(settings, (enum setting)i, setting_specs[i].value, ORIGIN_DEFAULT, "built in");
    settings->file = config_file("config.ini");
    settings->remotes_file = config_file("remotes.ini");
}

bool settings_load(struct settings *settings, struct error *err) {
    settings_defaults(settings);
    const char *profile = getenv("BERTH_PROFILE");
    return load_file(settings, settings->file, err) && load_file(settings, settings->remotes_file, err) &&
           load_environment(settings, err) &&
           (str_empty(profile) || settings_profile(settings, "$BERTH_PROFILE", profile, err));
}

bool settings_profile(struct settings *settings, const char *origin, const char *name, struct error *err) {
    _cleanup_(strings_done) struct strings names = {0};
    for (size_t i = 0; i < settings->profile_count; i++) {
        const struct profile_value *value = &settings->profiles[i];
        if (!strings_has(&names, value->profile))
            strings_add(&names, value->profile);
        if (str_equal(value->profile, name) && settings->values[value->which].origin <= ORIGIN_FILE)
            store(settings, value->which, value->text, ORIGIN_FILE, value->where);
    }
    for (size_t i = 0; i < settings->mount_count; i++) {
        struct setting_mount *mount = &settings->mounts[i];
        if (mount->profile && !strings_has(&names, mount->profile))
            strings_add(&names, mount->profile);
        if (str_equal(mount->profile, name))
            str_set(&mount->profile, NULL);
    }
    if (strings_has(&names, name)) {
        str_set(&settings->profile, name);
        return true;
    }
    _cleanup_free_ char *shown = str_shown(name), *list = strings_join(&names, ", ");
    error_set(err, ERROR_USAGE, "%s: profile \"%s\" not found", origin, shown);
    if (names.count)
        error_hint(err, "%s has: %s", settings->file, list);
    else
        error_hint(err, "a section [profile %s] in %s makes one", shown, settings->file);
    return false;
}

void settings_done(struct settings *settings) {
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        free(settings->values[i].text);
        free(settings->values[i].where);
    }
    for (size_t i = 0; i < settings->profile_count; i++) {
        free(settings->profiles[i].profile);
        free(settings->profiles[i].text);
        free(settings->profiles[i].where);
    }
    for (size_t i = 0; i < settings->mount_count; i++) {
        free(settings->mounts[i].profile);
        free(settings->mounts[i].text);
        free(settings->mounts[i].where);
    }
    free(settings->mounts);
    free(settings->profiles);
    machines_done(&settings->machines);
    free(settings->file);
    free(settings->remotes_file);
    free(settings->profile);
    *settings = (struct settings){0};
}

void settings_add_mount(struct settings *settings, const char *text, const char *where) {
    add_mount(settings, NULL, text, where);
}

void settings_copy(struct settings *to, const struct settings *from) {
    *to = (struct settings){.file = str_copy(from->file),
                            .remotes_file = str_copy(from->remotes_file),
                            .profile = str_copy(from->profile)};
    machines_copy(&to->machines, &from->machines);
    for (int i = 0; i < SETTINGS_COUNT; i++)
        store(to, (enum setting)i, settings_text(from, (enum setting)i), from->values[i].origin,
              from->values[i].where);
    for (size_t i = 0; i < from->mount_count; i++)
        if (!from->mounts[i].profile)
            add_mount(to, NULL, from->mounts[i].text, from->mounts[i].where);
}

bool settings_flag(struct settings *settings, enum setting which, const char *flag, const char *value,
                   struct error *err) {
    if (!value_check(setting_specs[which].kind, value, err)) {
        error_prefix(err, "%s", flag);
        return false;
    }
    store(settings, which, value, ORIGIN_FLAG, flag);
    return true;
}

bool settings_flag_add(struct settings *settings, enum setting which, const char *flag, const char *value,
                       struct error *err) {
    const char *before = settings_text(settings, which);
    _cleanup_free_ char *list = *before ? str_printf("%s, %s", before, value) : str_copy(value);
    return settings_flag(settings, which, flag, list, err);
}

void settings_clear(struct settings *settings, enum setting which, const char *flag) {
    store(settings, which, "", ORIGIN_FLAG, flag);
}

void settings_remote(struct settings *settings, const struct machine *machine) {
    static const struct {
        enum machine_key key;
        enum setting which;
    } both[] = {{MACHINE_PROJECT, SETTING_PROJECT}, {MACHINE_TARGET, SETTING_TARGET}};
    for (size_t i = 0; i < array_length(both); i++)
        if (*machine_text(machine, both[i].key) && settings->values[both[i].which].origin <= ORIGIN_FILE)
            store(settings, both[i].which, machine_text(machine, both[i].key), ORIGIN_FILE, machine->where);
}

const char *settings_text(const struct settings *settings, enum setting which) {
    const char *text = settings->values[which].text;
    return text ? text : "";
}

bool settings_bool(const struct settings *settings, enum setting which) {
    return value_bool(settings_text(settings, which));
}

unsigned int settings_id(const struct settings *settings, enum setting which) {
    unsigned long id = 0;
    const char *text = settings_text(settings, which);
    if (which == SETTING_CODE_GID && !*text)
        return settings_id(settings, SETTING_CODE_UID);
    return str_to_number(text, UINT32_MAX - 1, &id) ? (unsigned int)id : 0;
}
