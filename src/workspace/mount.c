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
    }
    free(mounts->items);
    *mounts = (struct mounts){0};
}

static bool overlaps(const char *a, const char *b) {
    return path_is_under(a, b) || path_is_under(b, a);
}

static bool check_inside(const struct mounts *mounts, const char *text, const char *path,
                         struct error *err) {
    static const char *const system[] = {"/dev", "/proc", "/sys",  "/run", "/etc",
                                         "/usr", "/bin",  "/sbin", "/lib"};
    if (str_equal(path, "/"))
        return error_set(err, ERROR_USAGE, "--mount %s: / inside is the container's own", text);
    for (size_t i = 0; i < array_length(system); i++)
        if (str_equal(path, system[i]))
            return error_set(err, ERROR_USAGE, "--mount %s: %s inside is the container's own", text, path);
    if (overlaps(path, WORKSPACE_PATH))
        return error_set(err, ERROR_USAGE, "--mount %s: %s and /workspace would lie in each other", text,
                         path);
    for (size_t i = 0; i < mounts->count; i++)
        if (overlaps(path, mounts->items[i].path))
            return error_set(err, ERROR_USAGE, "--mount %s: %s and %s would lie in each other", text, path,
                             mounts->items[i].path);
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

bool mounts_add(struct mounts *mounts, const char *text, struct error *err) {
    _cleanup_free_ char *shown = str_shown(text), *host = NULL, *inside = NULL;
    struct mount mount = {0};
    if (!split(text, &host, &inside, &mount.read_only)) {
        error_set(err, ERROR_USAGE, "--mount %s is not HOST:CONTAINER", shown);
        error_hint(err, "an absolute path inside, as in ~/data:/data, or ~/data:/data:ro to read only");
        return false;
    }
    _cleanup_free_ char *expanded = path_expand_home(host), *absolute = path_absolute(expanded, err),
                        *path = absolute ? path_absolute(inside, err) : NULL;
    if (!path || !check_inside(mounts, shown, path, err))
        return false;
    if (strpbrk(path, "\n\r") || !str_is_utf8(path))
        return error_set(err, ERROR_USAGE, "--mount %s: a path inside must be UTF-8 and one line", shown);
    char resolved[PATH_MAX];
    if (!realpath(absolute, resolved))
        return error_errno(err, errno, "--mount %s", shown);
    if (!workspace_allowed(absolute, "--mount", err) || !workspace_allowed(resolved, "--mount", err))
        return false;
    mount.source = str_copy(resolved);
    mount.path = str_copy(path);
    mounts->items = mem_grow(mounts->items, (mounts->count + 1) * sizeof *mounts->items);
    mounts->items[mounts->count++] = mount;
    return true;
}
