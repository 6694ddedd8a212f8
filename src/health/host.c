/* What this machine says of itself, without the daemon. */
#include "base/path.h"
#include "health/examine.h"
#include "record/record.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

/* Below these parts of all, in per cent, room is short, and all but gone. */
#define ROOM_SHORT 5
#define ROOM_GONE  1

/* os-release(5). */
static char *os_name(void) {
    _cleanup_(buffer_done) struct buffer text = {0};
    _cleanup_(error_done) struct error ignored = {0};
    static const char key[] = "PRETTY_NAME=";
    const char *line =
        path_read("/etc/os-release", &text, &ignored) && text.data ? strstr(text.data, key) : NULL;
    if (!line)
        return str_copy("Linux");
    line += strlen(key);
    line += *line == '"';
    return str_copy_n(line, strcspn(line, "\"\n"));
}

/* Idmapped mounts came with Linux 5.12, those of overlayfs and the like until 5.19; Incus wants 5.15. */
static void check_kernel(const struct utsname *name, struct health *health) {
    unsigned int major = 0, minor = 0;
    bool known = sscanf(name->release, "%u.%u", &major, &minor) == 2;
    bool old = known && (major < 5 || (major == 5 && minor < 15));
    struct health_check *check =
        health_add(health, "kernel_version", old ? HEALTH_WARNING : HEALTH_OK, "Linux %s", name->release);
    if (!old)
        return;
    health_details(check, "idmapped mounts take Linux 5.15: mappings are by raw.idmap alone");
    health_fix(check, "a newer kernel; until then delegated ids do: berth idmap --fix");
}

static void check_config(const struct health_subject *subject, struct health *health) {
    const char *file = subject->settings->file;
    if (subject->mistake && subject->mistake->class)
        health_add_error(health, "config", HEALTH_FAILED, subject->mistake);
    else if (file && access(file, F_OK) == 0)
        health_add(health, "config", HEALTH_OK, "%s", file);
    else
        health_add(health, "config", HEALTH_OK, "%s is not there: what is built in",
                   file ? file : "(none)");
}

static void check_tool(const struct health_subject *subject, struct health *health) {
    const char *tool = settings_text(subject->settings, SETTING_TOOL);
    if (*tool)
        health_add(health, "tool", HEALTH_OK, "%s", tool);
    else
        health_add(health, "tool", HEALTH_OK, "none: sessions begin with the user's shell");
}

static void check_records(struct health *health) {
    _cleanup_free_ char *folder = str_printf("%s/.coi", path_home());
    const char *needed = access(folder, F_OK) == 0 ? folder : path_home();
    struct health_check *check;
    if (access(needed, W_OK | X_OK) == 0) {
        health_add(health, "sessions_directory", HEALTH_OK, "%s", folder);
    } else {
        int number = errno;
        check = health_add(health, "sessions_directory", HEALTH_FAILED, "%s: %s", needed, strerror(number));
        health_details(check, "sessions cannot be recorded: resume will not know them");
        health_fix(check, "sudo chown -R $(id -u):$(id -g) %s", needed);
    }
    _cleanup_(records_done) struct records records = {0};
    records_load(&records);
    check = health_add(health, "saved_sessions", records.unreadable.count ? HEALTH_WARNING : HEALTH_OK,
                       "%zu", records.count);
    if (!records.unreadable.count)
        return;
    _cleanup_free_ char *list = strings_join(&records.unreadable, "; ");
    health_details(check, "no session record: %s", list);
    health_fix(check, "remove what is none of yours there");
}

static void check_room(const struct health_subject *subject, struct health *health) {
    struct statvfs info;
    const char *where = subject->workspace ? subject->workspace : ".";
    if (statvfs(where, &info) < 0 || info.f_blocks == 0) {
        health_add(health, "disk_space", HEALTH_WARNING, "%s: %s", where, strerror(errno));
        return;
    }
    unsigned long long part = (unsigned long long)info.f_bavail * 100 / info.f_blocks,
                       left = (unsigned long long)info.f_bavail * info.f_frsize >> 20;
    enum health_status status = part < ROOM_GONE    ? HEALTH_FAILED
                                : part < ROOM_SHORT ? HEALTH_WARNING
                                                    : HEALTH_OK;
    struct health_check *check = health_add(health, "disk_space", status,
                                            "%llu MiB free where the workspace is (%llu %%)", left, part);
    if (status)
        health_fix(check, "du -xh %s | sort -h | tail shows what is large", where);
}

void health_examine_host(const struct health_subject *subject, struct health *health) {
    struct utsname name = {0};
    uname(&name);
    _cleanup_free_ char *os = os_name();
    health_add(health, "os", HEALTH_OK, "%s, %s", os, name.machine);
    check_kernel(&name, health);
    check_config(subject, health);
    check_tool(subject, health);
    check_records(health);
    check_room(subject, health);
}
