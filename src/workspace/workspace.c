#include "workspace/workspace.h"

#include "base/path.h"
#include "config/machine.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

void workspace_done(struct workspace *workspace) {
    free(workspace->path);
    free(workspace->source);
    *workspace = (struct workspace){0};
}

static bool is_protected(const char *path) {
    /* everything below these */
    static const char *const trees[] = {
        "/bin", "/boot", "/dev", "/etc", "/lib",           "/lib32",       "/lib64",         "/proc",
        "/run", "/sbin", "/sys", "/usr", "/var/lib/incus", "/var/lib/lxc", "/var/lib/lxcfs", "/var/run"};
    /* these alone: what lies in them is people's own */
    static const char *const folders[] = {"/",    "/home", "/var", "/var/lib",
                                          "/opt", "/srv",  "/mnt", "/media"};
    static const char *const open[] = {"/dev/shm", "/run/user"};
    for (size_t i = 0; i < array_length(open); i++)
        if (path_is_under(path, open[i]) && !str_equal(path, open[i]))
            return false;
    for (size_t i = 0; i < array_length(folders); i++)
        if (str_equal(path, folders[i]))
            return true;
    for (size_t i = 0; i < array_length(trees); i++)
        if (path_is_under(path, trees[i]))
            return true;
    const char *daemon = getenv("INCUS_DIR");
    return daemon && daemon[0] == '/' && daemon[1] && path_is_under(path, daemon);
}

bool workspace_allowed(const char *path, const char *what, struct error *err) {
    _cleanup_free_ char *shown = str_shown(path);
    if (is_protected(path)) {
        error_set(err, ERROR_REFUSED, "%s %s is a system directory: it is not mounted into a container",
                  what, shown);
        error_hint(err, "use a directory of your own, in your home for example");
        return false;
    }
    if (!str_is_utf8(path))
        return error_set(err, ERROR_USAGE, "%s %s: the path is not valid UTF-8, which Incus requires", what,
                         shown);
    return true;
}

bool workspace_is_qualified(const char *given, char **first, char **second, const char **path) {
    const char *root = strstr(given, ":/");
    if (!root || root == given)
        return false;
    _cleanup_free_ char *names = str_copy_n(given, (size_t)(root - given));
    char *rest = names;
    const char *one = strsep(&rest, ":"), *other = rest;
    if (!machine_name_is_good(one) || (other && !machine_name_is_good(other)))
        return false;
    *first = str_copy(one);
    *second = other ? str_copy(other) : NULL;
    *path = root + 1;
    return true;
}

bool workspace_elsewhere(const char *member, const char *path, struct workspace *workspace,
                         struct error *err) {
    workspace->source = path_absolute(path, err);
    if (!workspace->source)
        return false;
    workspace->elsewhere = true;
    workspace->path = member ? str_printf("%s:%s", member, workspace->source) : str_copy(workspace->source);
    return workspace_allowed(workspace->source, "workspace", err);
}

bool workspace_is_shared(const struct workspace *workspace, const char *prefixes) {
    _cleanup_free_ char *copy = str_copy(prefixes);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ","));) {
        _cleanup_(error_done) struct error ignored = {0};
        word += strspn(word, " \t");
        for (size_t length = strlen(word); length && strchr(" \t", word[length - 1]); length--)
            word[length - 1] = 0;
        _cleanup_free_ char *clean = *word == '/' ? path_absolute(word, &ignored) : NULL;
        if (clean && path_is_under(workspace->source, clean))
            return true;
    }
    return false;
}

bool workspace_find(const char *given, struct workspace *workspace, struct error *err) {
    _cleanup_free_ char *expanded = path_expand_home(given);
    workspace->path = path_absolute(expanded, err);
    if (!workspace->path)
        return false;
    _cleanup_free_ char *shown = str_shown(workspace->path);
    struct stat info;
    char resolved[PATH_MAX];
    if (!realpath(workspace->path, resolved) || stat(resolved, &info) < 0) {
        int number = errno;
        error_errno(err, number, "workspace %s", shown);
        if (number == ENOENT)
            error_hint(err, "mkdir -p makes it; -w PATH names another");
        return false;
    }
    if (!S_ISDIR(info.st_mode)) {
        error_set(err, ERROR_FAILED, "workspace %s is not a directory", shown);
        error_hint(err, "-w names the directory that becomes /workspace");
        return false;
    }
    workspace->source = str_copy(resolved);
    return workspace_allowed(workspace->path, "workspace", err) &&
           workspace_allowed(workspace->source, "workspace", err);
}
