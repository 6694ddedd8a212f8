#include "guard/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static int open_parent(const char *path, const char **name, struct error *err) {
    int fd = beneath_parent(path, name);
    if (fd < 0)
        error_errno(err, errno, "cannot look into the directory of %s", path);
    return fd;
}

/* What appeared goes out of the way, where nobody reads it; nothing is lost. */
static bool move_aside(const struct baseline *baseline, const char *path, const char *aside,
                       struct error *err) {
    const char *name;
    _cleanup_close_ int parent = open_parent(path, &name, err);
    _cleanup_close_ int root =
        parent < 0 ? -1 : open(baseline->workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (parent < 0)
        return false;
    if (root < 0 || (mkdirat(root, aside, 0700) < 0 && errno != EEXIST))
        return error_errno(err, errno, "cannot make %s/%s", baseline->workspace, aside);
    size_t length = strlen(baseline->workspace);
    bool inside = strncmp(path, baseline->workspace, length) == 0 && path[length] == '/';
    _cleanup_free_ char *flat = str_copy(inside ? path + length + 1 : path + 1);
    for (char *slash = flat; (slash = strchr(slash, '/'));)
        *slash = '-';
    _cleanup_close_ int to = beneath_open(root, aside, O_RDONLY | O_DIRECTORY);
    if (to >= 0 && renameat(parent, name, to, flat) == 0)
        return true;
    /* another user's directory can be called otherwise, but not be moved into another one */
    _cleanup_free_ char *beside = str_printf("%s%s", name, aside);
    return renameat(parent, name, parent, beside) == 0 ||
           error_errno(err, errno, "cannot move %s to %s", path, aside);
}

static bool write_back(const struct print *print, const struct buffer *content, struct error *err) {
    const char *name;
    _cleanup_close_ int parent = open_parent(print->path, &name, err);
    if (parent < 0)
        return false;
    _cleanup_free_ char *fresh = str_printf("%s.berth-new", name);
    _cleanup_close_ int fd =
        openat(parent, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, print->mode & 0777);
    if (fd >= 0 && beneath_write(fd, content->data, content->size) && fchmod(fd, print->mode & 0777) == 0 &&
        renameat(parent, fresh, parent, name) == 0)
        return true;
    error_errno(err, errno, "cannot write %s", print->path);
    unlinkat(parent, fresh, 0);
    return false;
}

bool change_restore(const struct baseline *baseline, const struct change *change, const char *aside,
                    struct error *err) {
    const struct print *print = prints_find(&baseline->prints, change->path);
    _cleanup_(buffer_done) struct buffer content = {0};
    if (!print)
        return move_aside(baseline, change->path, aside, err);
    if (print->entry == ENTRY_DIRECTORY)
        return (change->kind == CHANGE_GONE || move_aside(baseline, change->path, aside, err)) &&
               (mkdir(print->path, print->mode & 0777) == 0 ||
                error_errno(err, errno, "cannot make %s", print->path));
    if (!baseline_read_copy(baseline, print, &content)) {
        error_set(err, ERROR_FAILED, "there is no copy of %s as it was: it was too large, or no file",
                  print->path);
        error_hint(err, "berth guard accept leaves it as it is");
        return false;
    }
    if (change->kind != CHANGE_GONE && !move_aside(baseline, change->path, aside, err))
        return false;
    return write_back(print, &content, err);
}
