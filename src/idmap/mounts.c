#include "idmap/mounts.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

bool mounts_type_of_id(FILE *mountinfo, unsigned long id, char *type, size_t room) {
    _cleanup_free_ char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, mountinfo) > 0) {
        char *rest = line;
        const char *number = strsep(&rest, " ");
        unsigned long value;
        if (!rest || !str_to_number(number, UINT32_MAX, &value) || value != id)
            continue;
        const char *dash = strstr(rest, " - ");
        if (!dash)
            return false;
        snprintf(type, room, "%.*s", (int)strcspn(dash + 3, " \n"), dash + 3);
        return true;
    }
    return false;
}

bool mounts_type(int fd, const char *path, char *type, size_t room, struct error *err) {
    struct statx info;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) < 0)
        return error_errno(err, errno, "cannot look at %s", path);
    _cleanup_fclose_ FILE *mountinfo = fopen("/proc/self/mountinfo", "re");
    if (!mountinfo)
        return error_errno(err, errno, "cannot read /proc/self/mountinfo");
    return mounts_type_of_id(mountinfo, info.stx_mnt_id, type, room) ||
           error_set(err, ERROR_FAILED, "%s: its mount is not in /proc/self/mountinfo", path);
}

static bool is_one_of(const char *type, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (str_equal(type, list[i]))
            return true;
    return false;
}

static bool kernel_at_least(const char *release, unsigned int major, unsigned int minor) {
    unsigned int have_major = 0, have_minor = 0;
    if (sscanf(release, "%u.%u", &have_major, &have_minor) != 2)
        return false;
    return have_major > major || (have_major == major && have_minor >= minor);
}

enum idmap_answer mounts_idmapped(const char *type, const char *kernel_release) {
    static const char *const yes[] = {"ext4", "xfs", "btrfs", "f2fs"};
    static const char *const never[] = {"9p", "nfs", "nfs4", "cifs", "smb3", "vboxsf", "prl_fs", "overlay"};
    if (is_one_of(type, yes, array_length(yes)))
        return IDMAP_YES;
    if (str_equal(type, "tmpfs"))
        return kernel_at_least(kernel_release, 6, 3) ? IDMAP_YES : IDMAP_NO;
    if (is_one_of(type, never, array_length(never)))
        return IDMAP_NO;
    /* FUSE and its relatives: from 6.12 on the kernel allows it to servers that ask for it */
    if (str_equal(type, "virtiofs") || str_equal(type, "fuse") || str_equal(type, "fuseblk") ||
        str_starts(type, "fuse."))
        return kernel_at_least(kernel_release, 6, 12) ? IDMAP_UNKNOWN : IDMAP_NO;
    return IDMAP_UNKNOWN; /* zfs among them: from 2.2 on, if built so */
}

bool mounts_is_vm_share(const char *type) {
    return str_equal(type, "virtiofs") || str_equal(type, "9p") || str_equal(type, "fuse.sshfs");
}
