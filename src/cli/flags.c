#include "cli/flags.h"

#include "workspace/name.h"

#include <limits.h>

#define SETTING_FLAG(function, which, flag)                                                                \
    static bool function(struct cli *cli, const char *value, struct error *err) {                          \
        return settings_flag(&cli->settings, which, flag, value, err);                                     \
    }

SETTING_FLAG(take_image, SETTING_IMAGE, "--image")
SETTING_FLAG(take_project, SETTING_PROJECT, "--project")
SETTING_FLAG(take_target, SETTING_TARGET, "--target")
SETTING_FLAG(take_cpu, SETTING_CPU, "--cpu")
SETTING_FLAG(take_memory, SETTING_MEMORY, "--memory")
SETTING_FLAG(take_disk_read, SETTING_DISK_READ, "--disk-read")
SETTING_FLAG(take_disk_write, SETTING_DISK_WRITE, "--disk-write")
SETTING_FLAG(take_processes, SETTING_PROCESSES, "--processes")

SETTING_FLAG(take_network, SETTING_NETWORK, "--network")

static bool take_no_root(struct cli *cli, const char *value, struct error *err) {
    (void)value;
    return settings_flag(&cli->settings, SETTING_GUARD_ROOT, "--no-root", "deny", err);
}

static bool take_strict(struct cli *cli, const char *value, struct error *err) {
    (void)value;
    return settings_flag(&cli->settings, SETTING_GUARD_ROOT, "--strict", "apparmor", err);
}

static bool take_remove(struct cli *cli, const char *value, struct error *err) {
    (void)value, (void)err;
    return cli->remove = true;
}

static bool take_accept(struct cli *cli, const char *value, struct error *err) {
    (void)value, (void)err;
    return cli->request.accept = true;
}

#define SETTING_LIST(function, which, flag)                                                                \
    static bool function(struct cli *cli, const char *value, struct error *err) {                          \
        return settings_flag_add(&cli->settings, which, flag, value, err);                                 \
    }

SETTING_LIST(take_allow, SETTING_ALLOW, "--allow")
SETTING_LIST(take_publish, SETTING_PUBLISH, "--publish")

static bool take_persistent(struct cli *cli, const char *value, struct error *err) {
    return settings_flag(&cli->settings, SETTING_PERSISTENT, "--persistent", value ? value : "true", err);
}

static bool take_workspace(struct cli *cli, const char *value, struct error *err) {
    if (str_empty(value))
        return error_set(err, ERROR_USAGE, "--workspace: the path is empty");
    str_set(&cli->request.workspace, value);
    return true;
}

static bool take_slot(struct cli *cli, const char *value, struct error *err) {
    unsigned long slot;
    if (!str_to_number(value, SESSION_SLOTS, &slot)) {
        _cleanup_free_ char *shown = str_shown(value);
        return error_set(err, ERROR_USAGE, "--slot %s: must be 0 to %u (0: the next free slot)", shown,
                         SESSION_SLOTS);
    }
    cli->request.slot = (unsigned int)slot;
    return true;
}

static bool take_profile(struct cli *cli, const char *value, struct error *err) {
    return settings_profile(&cli->settings, "--profile", value, err);
}

static bool take_env(struct cli *cli, const char *value, struct error *err) {
    return request_add_env(&cli->request, value, err);
}

static bool take_mount(struct cli *cli, const char *value, struct error *err) {
    return mounts_add(&cli->request.mounts, "--mount", value, err);
}

static bool take_format(struct cli *cli, const char *value, struct error *err) {
    if (!str_equal(value, "text") && !str_equal(value, "json")) {
        _cleanup_free_ char *shown = str_shown(value);
        return error_set(err, ERROR_USAGE, "invalid format '%s': must be 'text' or 'json'", shown);
    }
    str_set(&cli->format, value);
    return true;
}

static bool take_timeout(struct cli *cli, const char *value, struct error *err) {
    unsigned long seconds;
    if (!str_to_number(value, INT_MAX / 1000, &seconds) || seconds == 0) {
        _cleanup_free_ char *shown = str_shown(value);
        return error_set(err, ERROR_USAGE, "--timeout %s: must be a number of seconds above 0", shown);
    }
    cli->timeout = (long)seconds;
    return true;
}

#define SWITCH(function, field)                                                                            \
    static bool function(struct cli *cli, const char *value, struct error *err) {                          \
        (void)value;                                                                                       \
        (void)err;                                                                                         \
        cli->field = true;                                                                                 \
        return true;                                                                                       \
    }

SWITCH(take_quiet, quiet)
SWITCH(take_verbose, verbose)
SWITCH(take_no_color, no_color)
SWITCH(take_all, all)
SWITCH(take_dry_run, dry_run)
SWITCH(take_force, force)
SWITCH(take_background, background)
SWITCH(take_debug, debug)
SWITCH(take_bash, bash)
SWITCH(take_ephemeral, ephemeral)
SWITCH(take_capture, capture)
SWITCH(take_recursive, recursive)
SWITCH(take_manual, manual)
SWITCH(take_shift, shift)
SWITCH(take_fix, fix)
SWITCH(take_fix_owners, fix_owners)
SWITCH(take_apply, apply)

static bool take_number(const char *flag, const char *value, long *number, struct error *err) {
    unsigned long taken;
    if (!str_to_number(value, UINT_MAX - 1, &taken)) {
        _cleanup_free_ char *shown = str_shown(value);
        return error_set(err, ERROR_USAGE, "%s %s: must be a number", flag, shown);
    }
    *number = (long)taken;
    return true;
}

static bool take_user(struct cli *cli, const char *value, struct error *err) {
    return take_number("--user", value, &cli->user, err);
}

static bool take_group(struct cli *cli, const char *value, struct error *err) {
    return take_number("--group", value, &cli->group, err);
}

static bool take_wait(struct cli *cli, const char *value, struct error *err) {
    return take_number("--wait", value, &cli->wait, err);
}

static bool take_keep(struct cli *cli, const char *value, struct error *err) {
    return take_number("--keep", value, &cli->keep, err);
}

#define TEXT(function, field)                                                                              \
    static bool function(struct cli *cli, const char *value, struct error *err) {                          \
        (void)err;                                                                                         \
        str_set(&cli->field, value);                                                                       \
        return true;                                                                                       \
    }

TEXT(take_cwd, cwd)
TEXT(take_socket, socket)
TEXT(take_remote, remote)
TEXT(take_token, token)
TEXT(take_fingerprint, fingerprint)
TEXT(take_description, description)
TEXT(take_prefix, image_prefix)
TEXT(take_to, to_project)
TEXT(take_for, wait_for)
TEXT(take_install, install)

static bool take_capture_format(struct cli *cli, const char *value, struct error *err) {
    if (!str_equal(value, "raw") && !str_equal(value, "json")) {
        _cleanup_free_ char *shown = str_shown(value);
        return error_set(err, ERROR_USAGE, "invalid format '%s': must be 'json' or 'raw'", shown);
    }
    str_set(&cli->format, value);
    return true;
}

static bool take_resume(struct cli *cli, const char *value, struct error *err) {
    (void)err;
    str_set(&cli->resume, value ? value : "");
    return true;
}

SWITCH(take_sessions, sessions)
SWITCH(take_cold, request.cold)
SWITCH(take_probe, probe)
SWITCH(take_stateful, stateful)
SWITCH(take_keep_failed, keep_failed)
SWITCH(take_trust, trust)

TEXT(take_base, base)
TEXT(take_script, script)
TEXT(take_file, recipe)
TEXT(take_compression, compression)

static const struct flag flag_resume = {
    "resume", 0, "ID", "shell: resume a saved session; without ID the workspace's last", true, take_resume};
static const struct flag flag_continue = {"continue", 0, "ID", "alias of --resume", true, take_resume};
static const struct flag flag_profile = {
    "profile", 0, "NAME", "a [profile NAME] of the settings file", false, take_profile};
static const struct flag flag_workspace = {
    "workspace", 'w',           "[MACHINE:]PATH", "directory that becomes /workspace (default .)",
    false,       take_workspace};
static const struct flag flag_slot = {
    "slot", 0, "N", "slot 1 to 10 of the workspace; 0: the next free", false, take_slot};
static const struct flag flag_persistent = {"persistent",   0, NULL, "keep the container afterwards", false,
                                            take_persistent};
static const struct flag flag_image = {"image", 0, "NAME", "image alias or fingerprint", false, take_image};
static const struct flag flag_env = {
    "env", 'e', "K=V", "set a variable inside; K alone takes the host's value", false, take_env};
static const struct flag flag_mount = {"mount", 0,         "HOST:CONTAINER[:ro]", "mount one more path",
                                       false,   take_mount};
static const struct flag flag_network = {
    "network", 0, "MODE", "restricted, allowlist, open or none (default restricted)", false, take_network};
static const struct flag flag_allow = {
    "allow", 0, "HOST[:PORT]", "one more host, address or CIDR that may be reached", false, take_allow};
static const struct flag flag_publish = {
    "publish", 0, "[HOST:]PORT", "make a port of the session one of this machine", false, take_publish};
const struct flag flag_remove = {"remove", 0, NULL, "trust it no longer", false, take_remove};
const struct flag flag_accept = {
    "accept", 0, NULL, "accept what changed of what is guarded in an earlier session", false, take_accept};
const struct flag flag_no_root = {"no-root", 0,           NULL, "nobody becomes root inside: no_new_privs",
                                  false,     take_no_root};
const struct flag flag_strict = {
    "strict", 0,          NULL, "refuse where the guard does not hold against root inside (AppArmor)",
    false,    take_strict};
static const struct flag flag_project = {"project", 0, "NAME", "Incus project", false, take_project};
static const struct flag flag_socket = {"socket", 0, "PATH", "the daemon's socket", false, take_socket};
static const struct flag flag_remote = {"remote", 0,          "NAME", "a daemon of another machine",
                                        false,    take_remote};
static const struct flag flag_target = {
    "target", 0, "MEMBER|@GROUP|auto", "where in a cluster to launch", false, take_target};
static const struct flag flag_quiet = {"quiet", 'q', NULL, "no notices on stderr", false, take_quiet};
static const struct flag flag_verbose = {"verbose", 'v',         NULL, "every call to the daemon on stderr",
                                         false,     take_verbose};
static const struct flag flag_no_color = {"no-color", 0, NULL, "no colours", false, take_no_color};

const struct flag *const global_flags[] = {&flag_workspace, &flag_slot,    &flag_persistent, &flag_resume,
                                           &flag_continue,  &flag_profile, &flag_image,      &flag_env,
                                           &flag_mount,     &flag_network, &flag_allow,      &flag_publish,
                                           &flag_project,   &flag_socket,  &flag_remote,     &flag_target,
                                           &flag_quiet,     &flag_verbose, &flag_no_color,   NULL};

const struct flag flag_token = {"token", 0, "TOKEN", "one that the daemon made", false, take_token};
const struct flag flag_fingerprint = {"fingerprint",   0, "SHA256", "the daemon's, confirmed", false,
                                      take_fingerprint};
const struct flag flag_format = {"format", 0,          "text|json", "how to print (default text)",
                                 false,    take_format};
const struct flag flag_all = {"all", 0, NULL, "saved sessions too", false, take_all};
const struct flag flag_dry_run = {"dry-run", 0,           NULL, "print the plan as JSON and create nothing",
                                  false,     take_dry_run};
const struct flag flag_probe = {"probe", 0, NULL, "try it in a container, too", false, take_probe};
const struct flag flag_cold = {"cold", 0, NULL, "a new container, not a standby", false, take_cold};
const struct flag flag_timeout = {
    "timeout", 0, "SECONDS", "kill the command after this time (status 124)", false, take_timeout};
const struct flag flag_cpu = {"cpu", 0, "N|SET", "CPUs: a count, or a set such as 0-3", false, take_cpu};
const struct flag flag_memory = {"memory", 0, "SIZE", "memory: 2GiB, 512MB, 50%", false, take_memory};
const struct flag flag_disk_read = {
    "disk-read", 0, "RATE", "reads of the root disk: 20MiB, 500iops", false, take_disk_read};
const struct flag flag_disk_write = {"disk-write",   0, "RATE", "writes of the root disk", false,
                                     take_disk_write};
const struct flag flag_processes = {"processes", 0, "N", "processes at one time", false, take_processes};
const struct flag flag_every = {"all", 0, NULL, "all sessions", false, take_all};
const struct flag flag_both = {"all", 0, NULL, "containers and saved sessions", false, take_all};
const struct flag flag_force = {"force", 'f', NULL, "do not ask", false, take_force};
const struct flag flag_sessions = {"sessions",   0, NULL, "saved sessions whose container is gone", false,
                                   take_sessions};
const struct flag flag_patience = {
    "timeout", 0, "SECONDS", "kill what has not stopped by then (default 60)", false, take_timeout};
const struct flag flag_background = {"background",   0, NULL, "start it without attaching", false,
                                     take_background};
const struct flag flag_debug = {"debug", 0, NULL, "a plain shell instead of tmux", false, take_debug};
const struct flag flag_bash = {
    "bash", 0, NULL, "a plain shell in the container, not its tmux session", false, take_bash};
const struct flag flag_ephemeral = {"ephemeral", 0, NULL, "delete it once it stops", false, take_ephemeral};
const struct flag flag_capture = {"capture",   0, NULL, "print stdout, stderr and exit_code as JSON", false,
                                  take_capture};
const struct flag flag_capture_format = {
    "format", 0, "json|raw", "raw: of what was captured, stdout alone", false, take_capture_format};
const struct flag flag_user = {"user", 0, "UID", "run it as this user (default 0)", false, take_user};
const struct flag flag_group = {"group", 0,         "GID", "and as this group (default: the same number)",
                                false,   take_group};
const struct flag flag_cwd = {"cwd", 0, "PATH", "working directory inside", false, take_cwd};
const struct flag flag_keep = {"keep", 0, "N", "how many of the newest to keep", false, take_keep};
const struct flag flag_recursive = {"recursive",   'r', NULL, "copy directories with their contents", false,
                                    take_recursive};
const struct flag flag_manual = {"man", 0, NULL, "the manual page, as roff", false, take_manual};
const struct flag flag_shift = {
    "shift", 0,         NULL, "an idmapped mount, as coi's flag; the container's mapping decides",
    false,   take_shift};
const struct flag flag_description = {"description",   0, "TEXT", "the image's description", false,
                                      take_description};
const struct flag flag_prefix = {"prefix", 0, "P", "only aliases that begin so", false, take_prefix};
const struct flag flag_to = {"to", 0, "PROJECT", "the project that gets it", false, take_to};
const struct flag flag_fix = {
    "fix", 0, NULL, "print the commands that delegate ids and join the group", false, take_fix};
const struct flag flag_fix_owners = {
    "fix-owners",   0, NULL, "print the command that gives you what is not code's inside", false,
    take_fix_owners};
const struct flag flag_apply = {"apply", 0, NULL, "run these commands", false, take_apply};
const struct flag flag_every_image = {"all", 0, NULL, "images without an alias too", false, take_all};
const struct flag flag_wait = {"wait", 0,        "SECONDS", "how long to wait for a free slot (default 60)",
                               false,  take_wait};
const struct flag flag_for = {"for", 0,       "WHAT", "bell, quiet[=SECONDS], prompt, waiting, done, end",
                              false, take_for};
const struct flag flag_wait_timeout = {"timeout", 0,           "SECONDS", "wait no longer (status 124)",
                                       false,     take_timeout};
const struct flag flag_install = {"install", 0,           "NAME", "put them into this session's settings",
                                  false,     take_install};
const struct flag flag_stateful = {
    "stateful", 0, NULL, "with the memory of what runs (takes CRIU)", false, take_stateful};
const struct flag flag_base = {"base", 0,        "IMAGE", "an image, or debian:12, ubuntu:24.04",
                               false,  take_base};
const struct flag flag_script = {"script", 0, "FILE", "run as root inside", false, take_script};
const struct flag flag_file = {"file", 0, "FILE", "the recipe", false, take_file};
const struct flag flag_compression = {
    "compression", 0, "KIND", "of the image: none (default), zstd, gzip", false, take_compression};
const struct flag flag_keep_failed = {
    "keep", 0, NULL, "a build that fails leaves its container, to be looked at", false, take_keep_failed};
const struct flag flag_trust = {"trust", 0,         NULL, "trust the workspace's recipe, as it is now",
                                false,   take_trust};
const struct flag flag_rebuild = {"force", 'f', NULL, "also if nothing has changed", false, take_force};
const struct flag flag_every_recipe = {"all", 0,       NULL, "of every profile that has a recipe",
                                       false, take_all};
