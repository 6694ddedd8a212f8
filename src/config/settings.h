/*
 * The settings in force, each knowing where it came from: built in, the configuration file, the
 * environment, a flag; later ones beat earlier ones.
 */
#pragma once

#include "config/machine.h"
#include "config/value.h"

#include <sys/types.h>

enum setting {
    SETTING_PROJECT,
    SETTING_CODE_UID,
    SETTING_CODE_GID,
    SETTING_CODE_USER,
    SETTING_DISABLE_SHIFT,
    SETTING_TARGET,
    SETTING_SHARED,
    SETTING_IMAGE,
    SETTING_RECIPE,
    SETTING_PERSISTENT,
    SETTING_STORAGE_POOL,
    SETTING_PRE_START,
    SETTING_INTERCEPT,
    SETTING_STANDBY,
    SETTING_CPU,
    SETTING_MEMORY,
    SETTING_DISK_READ,
    SETTING_DISK_WRITE,
    SETTING_PROCESSES,
    SETTING_NETWORK,
    SETTING_ALLOW,
    SETTING_ALLOWED_PORTS,
    SETTING_DNS_SERVERS,
    SETTING_PUBLISH,
    SETTING_GUARD_PATHS,
    SETTING_GUARD_WRITABLE,
    SETTING_GUARD_ROOT,
    SETTING_GUARD_CHANGED,
    SETTING_SECRET_PATHS,
    SETTING_SNAPSHOT_BEFORE,
    SETTING_SNAPSHOT_KEEP,
    SETTING_TOOL,
    SETTING_TOOL_DATA,
    SETTING_TOOL_DATA_LIMIT,
    SETTING_THEME,
    SETTING_WALL,
    SETTING_ATTENTION,
    SETTING_ATTENTION_DELAY,
    SETTING_ON_ATTENTION,
    SETTINGS_COUNT
};

enum origin { ORIGIN_DEFAULT, ORIGIN_FILE, ORIGIN_WORKSPACE, ORIGIN_ENVIRONMENT, ORIGIN_FLAG };

/* One row per setting: the file's section and key, the variable, the built-in value. */
struct setting_spec {
    const char *section;
    const char *key;
    const char *variable;
    enum setting_kind kind;
    const char *value;
};
extern const struct setting_spec setting_specs[SETTINGS_COUNT];

struct settings {
    struct {
        char *text;
        enum origin origin;
        char *where; /* "config.ini:12", "$BERTH_IMAGE", "--image", "built in" */
    } values[SETTINGS_COUNT];
    char *file;                     /* the configuration file that was looked for */
    char *remotes_file;             /* beside it: the remotes that berth was told of (remote/known.h) */
    char *profile;                  /* whose values are in force; NULL: none's */
    struct profile_value *profiles; /* of the file's [profile NAME] sections, none in force yet */
    size_t profile_count;
    struct setting_mount *mounts; /* of [mounts], and of profiles */
    size_t mount_count;
    struct machines machines; /* of [member NAME] and [remote NAME] */
};

struct setting_mount {
    char *profile; /* its name; NULL: in force */
    char *text;    /* "HOST:CONTAINER", ":ro" behind it */
    char *where;
};

struct profile_value {
    char *profile; /* its name */
    enum setting which;
    char *text;
    char *where;
};

/*
 * Defaults, then the file, then the environment. A file that is not there is no error; one that has a
 * mistake is: an error with file and line, and nothing of it is used.
 */
bool settings_load(struct settings *settings, struct error *err) nodiscard;
/* What is built in alone; `settings` is empty. */
void settings_defaults(struct settings *settings);
void settings_done(struct settings *settings);
/* `to`, which is empty, becomes the same; profiles are left out: they are in force already or not at all.
 */
void settings_copy(struct settings *to, const struct settings *from);

/* Reads a file's text, named `file` in errors; for settings_load() and the tests. */
bool settings_parse(struct settings *settings, const char *file, const char *content,
                    struct error *err) nodiscard;
/* A flag's value; `flag` is named in the error and as the origin. */
bool settings_flag(struct settings *settings, enum setting which, const char *flag, const char *value,
                   struct error *err) nodiscard;
/* One more mount, in force. */
void settings_add_mount(struct settings *settings, const char *text, const char *where);
/* The same for a list, behind what is in it already. */
bool settings_flag_add(struct settings *settings, enum setting which, const char *flag, const char *value,
                       struct error *err) nodiscard;
/* Nothing is set any more, by this flag. */
void settings_clear(struct settings *settings, enum setting which, const char *flag);

/*
 * Puts a [profile NAME] section of the file in force: its values stand for the file's others, so that
 * the environment and flags beat them. `origin` ("--profile") begins the error if there is none.
 */
bool settings_profile(struct settings *settings, const char *origin, const char *name,
                      struct error *err) nodiscard;

/* Puts the project and the target of a [remote NAME] section in force, as if they were the file's. */
void settings_remote(struct settings *settings, const struct machine *machine);

/* Lent; "" where nothing is set. */
const char *settings_text(const struct settings *settings, enum setting which);
bool settings_bool(const struct settings *settings, enum setting which);
unsigned int settings_id(const struct settings *settings, enum setting which);
