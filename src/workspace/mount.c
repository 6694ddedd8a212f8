#include "workspace/mount.h"

#include "base/path.h"
#include "workspace/workspace.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

void mounts_done(struct mounts *mounts) {
    for (size_t i = 0; i < mounts->count; i++) {
        free(mounts->items[i].source);
        free(mounts->items[i].path);
        free(mounts->items[i].origin);
    }
    free(mounts->items);
    *mounts = (struct mounts){0};
}

static bool overlaps(const char *a, const char *b) {
    return path_is_under(a, b) || path_is_under(b, a);
}

static bool check_inside(const struct mounts *mounts, const char *origin, const char *path,
                         struct error *err) {
    static const char *const system[] = {"/",    "/dev", "/proc", "/sys",  "/run",
                                         "/etc", "/usr", "/bin",  "/sbin", "/lib"};
    for (size_t i = 0; i < array_length(system); i++)
        if (str_equal(path, system[i]))
            return error_set(err, ERROR_USAGE, "%s: %s belongs to the container's system", origin, path);
    if (overlaps(path, WORKSPACE_PATH))
        return error_set(err, ERROR_USAGE, "%s: %s and " WORKSPACE_PATH " overlap", origin, path);
    for (size_t i = 0; i < mounts->count; i++)
        if (overlaps(path, mounts->items[i].path))
            return error_set(err, ERROR_USAGE, "%s: %s overlaps %s of %s", origin, path,
                             mounts->items[i].path, mounts->items[i].origin);
    return true;
}

/* Splits HOST:CONTAINER at the last colon: a path of the host may have some, one inside seldom does. */
static bool split(const char *text, char **host, char **inside, bool *read_only) {
    size_t length = strlen(text);
    *read_only = length > 3 && strcmp(text + length - 3, ":ro") == 0;
    size_t end = *read_only ? length - 3 : length;
    _cleanup_free_ char *pair = str_copy_n(text, end);
    const char *colon = strrchr(pair, ':');
    if (!colon || colon == pair || colon[1] != '/')
        return false;
    *host = str_copy_n(pair, (size_t)(colon - pair));
    *inside = str_copy(colon + 1);
    return true;
}

void mounts_copy(struct mounts *to, const struct mounts *from) {
    *to = (struct mounts){mem_new((from->count + 1) * sizeof *to->items), from->count};
    for (size_t i = 0; i < from->count; i++) {
        const struct mount *mount = &from->items[i];
        to->items[i] = (struct mount){str_copy(mount->source), str_copy(mount->path), mount->read_only,
                                      str_copy(mount->origin)};
    }
}

bool mounts_add(struct mounts *mounts, const char *origin, const char *text, struct error *err) {
    _cleanup_free_ char *shown = str_shown(text), *host = NULL, *inside = NULL,
                        *who = str_printf("%s %s", origin, shown);
    struct mount mount = {0};
    if (!split(text, &host, &inside, &mount.read_only)) {
        error_set(err, ERROR_USAGE, "%s is not HOST:CONTAINER", who);
        error_hint(err, "an absolute path inside, as in ~/data:/data, or ~/data:/data:ro to read only");
        return false;
    }
    _cleanup_free_ char *expanded = path_expand_home(host), *absolute = path_absolute(expanded, err),
                        *path = absolute ? path_absolute(inside, err) : NULL;
    if (!path || !check_inside(mounts, who, path, err))
        return false;
    if (strpbrk(path, "\n\r") || !str_is_utf8(path))
        return error_set(err, ERROR_USAGE, "%s: a path inside must be UTF-8 and one line", who);
    char resolved[PATH_MAX];
    if (!realpath(absolute, resolved))
        return error_errno(err, errno, "%s", who);
    if (!workspace_allowed(absolute, origin, err) || !workspace_allowed(resolved, origin, err))
        return false;
    mount.source = str_copy(resolved);
    mount.path = str_copy(path);
    mount.origin = str_copy(who);
    mounts->items = mem_grow(mounts->items, (mounts->count + 1) * sizeof *mounts->items);
    mounts->items[mounts->count++] = mount;
    return true;
}
