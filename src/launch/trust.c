#include "launch/trust.h"

#include "base/path.h"
#include "guard/baseline.h"
#include "network/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <string.h>
#include <strings.h>

#define FILE_MOST 65536

void asked_done(struct asked *asked) {
    strings_done(&asked->taken);
    strings_done(&asked->refused);
    *asked = (struct asked){0};
}

bool trust_read(const char *workspace, struct buffer *text, struct error *err) {
    _cleanup_close_ int root = open(workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
    enum beneath_entry entry = root < 0 ? ENTRY_NONE : beneath_look(root, TRUST_FILE, NULL);
    buffer_text(text, "");
    if (entry == ENTRY_NONE)
        return true;
    if (entry != ENTRY_FILE || !beneath_read(root, TRUST_FILE, FILE_MOST, text))
        return error_set(err, ERROR_REFUSED, "%s/" TRUST_FILE " is %s: it is not read", workspace,
                         entry == ENTRY_FILE ? "unreadable" : entry_name(entry));
    if (strlen(text->data) != text->size || text->size == FILE_MOST)
        return error_set(err, ERROR_USAGE, "%s/" TRUST_FILE " is no text file, or a large one", workspace);
    return true;
}

static char *store_file(void) {
    _cleanup_free_ char *guard = baseline_directory();
    return str_printf("%s/trusted", guard);
}

/* {"PATH": "DIGEST"}; empty if there is none. A new reference. */
static json_t *load_store(void) {
    _cleanup_free_ char *file = store_file();
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_(error_done) struct error ignored = {0};
    json_t *store =
        path_read(file, &text, &ignored) ? json_parse(text.data, text.size, file, &ignored) : NULL;
    return json_is_object(store) ? store : json_object();
}

static char *digest_of(const struct buffer *text) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    return str_copy(SHA256Data((const uint8_t *)text->data, text->size, digest));
}

bool trust_set(const char *workspace, bool trusted, struct error *err) {
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_(baseline_done) struct baseline lock = {0};
    if (!trust_read(workspace, &text, err))
        return false;
    if (trusted && !text.size)
        return error_set(err, ERROR_FAILED, "%s/" TRUST_FILE " not found: it asks for nothing", workspace);
    if (!baseline_load(workspace, &lock, err)) /* nobody else writes meanwhile */
        return false;
    _cleanup_json_ json_t *store = load_store();
    _cleanup_free_ char *file = store_file(), *digest = digest_of(&text);
    if (trusted)
        json_object_set_new(store, workspace, json_string(digest));
    else
        json_object_del(store, workspace);
    return json_dump_file(store, file, JSON_INDENT(1)) == 0 ||
           error_errno(err, errno, "cannot write %s", file);
}

bool trust_knows(const char *key, const char *digest) {
    _cleanup_json_ json_t *store = load_store();
    return str_equal(json_get_str(store, key), digest);
}

bool trust_remember(const char *key, const char *digest, struct error *err) {
    _cleanup_(baseline_done) struct baseline lock = {0};
    if (!baseline_make_directory(err) || !baseline_load(key, &lock, err))
        return false;
    _cleanup_json_ json_t *store = load_store();
    _cleanup_free_ char *file = store_file();
    json_object_set_new(store, key, json_string(digest));
    return json_dump_file(store, file, JSON_INDENT(1)) == 0 ||
           error_errno(err, errno, "cannot write %s", file);
}

/* Bytes or a count; 0 if it cannot be compared with others (50%). */
static double amount(const char *text) {
    static const struct {
        const char *unit;
        double factor;
    } units[] = {{"", 1},
                 {"B", 1},
                 {"iops", 1},
                 {"kB", 1e3},
                 {"MB", 1e6},
                 {"GB", 1e9},
                 {"TB", 1e12},
                 {"KiB", 1024},
                 {"MiB", 1048576},
                 {"GiB", 1073741824},
                 {"TiB", 1099511627776.0}};
    char *end;
    double number = strtod(text, &end);
    for (size_t i = 0; i < array_length(units); i++)
        if (strcasecmp(end, units[i].unit) == 0)
            return number * units[i].factor;
    return 0;
}

static bool limits_less(const char *asked, const char *now) {
    double first = amount(asked), second = amount(now);
    return !*now || str_equal(asked, now) || (first > 0 && second > 0 && first <= second);
}

/* Whether a session with this can do no more than one without it. */
static bool narrows(const struct settings *settings, enum setting which, const char *asked) {
    const char *now = settings_text(settings, which);
    switch (which) {
    case SETTING_TOOL: /* inside, where everything is the workspace's */
    case SETTING_GUARD_PATHS:
    case SETTING_SECRET_PATHS:
        return true;
    case SETTING_CPU:
    case SETTING_MEMORY:
    case SETTING_DISK_READ:
    case SETTING_DISK_WRITE:
    case SETTING_PROCESSES:
        return limits_less(asked, now);
    case SETTING_NETWORK: /* an allowlist is as wide as its list */
        return str_equal(asked, now) || str_equal(asked, "none") ||
               (str_equal(asked, "restricted") && str_equal(now, "open"));
    case SETTING_ALLOWED_PORTS:
        return !*now || str_equal(asked, now);
    case SETTING_GUARD_ROOT:
        return str_equal(now, "allow") || str_equal(asked, now);
    case SETTING_GUARD_CHANGED:
        return str_equal(asked, "ask") || str_equal(asked, now);
    default:
        return str_equal(asked, now);
    }
}

static bool may_ask(enum setting which) {
    static const enum setting which_may[] = {
        SETTING_IMAGE,       SETTING_TOOL,           SETTING_CPU,         SETTING_MEMORY,
        SETTING_DISK_READ,   SETTING_DISK_WRITE,     SETTING_PROCESSES,   SETTING_NETWORK,
        SETTING_ALLOW,       SETTING_ALLOWED_PORTS,  SETTING_DNS_SERVERS, SETTING_PUBLISH,
        SETTING_GUARD_PATHS, SETTING_GUARD_WRITABLE, SETTING_GUARD_ROOT,  SETTING_GUARD_CHANGED,
        SETTING_SECRET_PATHS};
    for (size_t i = 0; i < array_length(which_may); i++)
        if (which_may[i] == which)
            return true;
    return false;
}

static void take(struct settings *settings, enum setting which, const char *text, const char *where) {
    const char *now = settings_text(settings, which);
    bool adds = (which == SETTING_GUARD_PATHS || which == SETTING_SECRET_PATHS) && *now;
    _cleanup_free_ char *all = adds ? str_printf("%s, %s", now, text) : str_copy(text);
    str_set(&settings->values[which].text, all);
    str_set(&settings->values[which].where, where);
    settings->values[which].origin = ORIGIN_WORKSPACE;
}

static void apply_values(const struct settings *own, struct settings *settings, struct asked *asked) {
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        const struct setting_spec *spec = &setting_specs[i];
        const char *text = own->values[i].text, *where = own->values[i].where;
        if (!text)
            continue;
        _cleanup_free_ char *line = str_printf("%s: [%s] %s = %s", where, spec->section, spec->key, text);
        bool beaten = settings->values[i].origin > ORIGIN_WORKSPACE;
        if (!asked->trusted && !narrows(settings, (enum setting)i, text)) {
            strings_add(&asked->refused, line);
            continue;
        }
        strings_add(&asked->taken, line);
        if (!beaten)
            take(settings, (enum setting)i, text, where);
    }
}

/* A mount of something in the workspace itself shows nothing more. */
static bool is_within(const char *workspace, const char *text) {
    char resolved[PATH_MAX];
    _cleanup_free_ char *host = str_copy_n(text, strcspn(text, ":")), *expanded = path_expand_home(host);
    return realpath(expanded, resolved) && path_is_under(resolved, workspace);
}

static void apply_mounts(const char *workspace, const struct settings *own, struct settings *settings,
                         struct asked *asked) {
    for (size_t i = 0; i < own->mount_count; i++) {
        const struct setting_mount *mount = &own->mounts[i];
        _cleanup_free_ char *line = str_printf("%s: [mounts] %s", mount->where, mount->text);
        if (!asked->trusted && !is_within(workspace, mount->text)) {
            strings_add(&asked->refused, line);
            continue;
        }
        strings_add(&asked->taken, line);
        settings_add_mount(settings, mount->text, mount->where);
    }
}

static bool check_keys(const struct settings *own, struct error *err) {
    for (int i = 0; i < SETTINGS_COUNT; i++) {
        if (!own->values[i].text || may_ask((enum setting)i))
            continue;
        error_set(err, ERROR_USAGE, "%s: a workspace cannot set [%s] %s", own->values[i].where,
                  setting_specs[i].section, setting_specs[i].key);
        error_hint(err, "it may set image, tool, limits, mounts, network and guard");
        return false;
    }
    if (own->profile_count)
        return error_set(err, ERROR_USAGE, "%s: a workspace has no profiles", own->profiles[0].where);
    return true;
}

bool trust_apply(const char *workspace, struct settings *settings, struct asked *asked, struct error *err) {
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_(settings_done) struct settings own = {0};
    if (!trust_read(workspace, &text, err))
        return false;
    asked->there = text.size > 0;
    if (!asked->there)
        return true;
    if (!settings_parse(&own, TRUST_FILE, text.data, err) || !check_keys(&own, err))
        return false;
    _cleanup_json_ json_t *store = load_store();
    _cleanup_free_ char *digest = digest_of(&text);
    asked->trusted = str_equal(json_get_str(store, workspace), digest);
    apply_values(&own, settings, asked);
    apply_mounts(workspace, &own, settings, asked);
    return true;
}
