#include "guard/search.h"

#include "base/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>

void search_warn(struct guard_search *search, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    strings_take(&search->guard->warnings, str_vprintf(format, arguments));
    va_end(arguments);
}

static char *absolute(const struct guard_search *search, const char *path) {
    return str_printf("%s/%s", str_equal(search->root, "/") ? "" : search->root, path);
}

/* Whether it lies in a directory that is read-only as a whole already. */
static bool is_inside_protected(const struct guard_search *search, const char *whole) {
    for (size_t i = 0; i < search->guard->count; i++) {
        const struct guarded *item = &search->guard->items[i];
        if ((item->how == GUARD_READ_ONLY || item->how == GUARD_COVERED) && item->directory &&
            path_is_under(whole, item->path) && !str_equal(whole, item->path))
            return true;
    }
    return false;
}

bool search_is_writable(const struct guard_search *search, const char *path) {
    for (size_t i = 0; i < search->writable.count; i++) {
        const char *top = search->writable.items[i];
        size_t length = strlen(top);
        if (strncmp(path, top, length) == 0 && (!path[length] || path[length] == '/'))
            return search->guard->writable = true;
    }
    return false;
}

static bool refuse(struct guard_search *search, const char *path, enum beneath_entry entry) {
    _cleanup_free_ char *whole = absolute(search, path), *shown = str_shown(whole);
    if (search->tolerant) {
        guard_add(search->guard, whole, GUARD_READ_ONLY, false);
        return true;
    }
    error_set(search->err, ERROR_REFUSED, "%s is %s: the guard protects files and directories alone", shown,
              entry_name(entry));
    error_hint(search->err, "[guard] writable = %s leaves it without protection", path);
    return false;
}

/* What is at a path, and above it: a link above is one, too. */
enum beneath_entry search_look(const struct guard_search *search, const char *path) {
    return beneath_look(search->fd, path, NULL);
}

static bool is_elsewhere(const struct guard_search *search, const char *path) {
    struct stat root, info;
    enum beneath_entry entry = beneath_look(search->fd, path, &info);
    return (entry == ENTRY_FILE || entry == ENTRY_DIRECTORY) && fstat(search->fd, &root) == 0 &&
           info.st_dev != root.st_dev;
}

/* Each directory above it; what is there is one, or the path could not be. */
static void fix_parents(struct guard_search *search, const char *path) {
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        _cleanup_free_ char *parent = str_copy_n(path, (size_t)(slash - path)),
                            *whole = absolute(search, parent);
        guard_add(search->guard, whole, GUARD_FIXED, true)->other_filesystem = is_elsewhere(search, parent);
    }
}

/* The directory above a path, as far as it is there: its stat. False if that is the root itself. */
static bool nearest_directory(const struct guard_search *search, const char *path, struct stat *info) {
    _cleanup_free_ char *parent = str_copy(path);
    for (char *slash; (slash = strrchr(parent, '/'));) {
        *slash = 0;
        if (beneath_look(search->fd, parent, info) == ENTRY_DIRECTORY)
            return true;
    }
    return fstat(search->fd, info) == 0;
}

/*
 * What we may not look at the session may not either, for it has our ids; but for what is our own, whose
 * mode it can change.
 */
static bool is_out_of_reach(const struct guard_search *search, const char *path) {
    struct stat info;
    return !nearest_directory(search, path, &info) || info.st_uid != geteuid();
}

/* Whether something could appear there at all: not on a read-only filesystem, nor in others' directories.
 */
static bool can_appear(const struct guard_search *search, const char *path) {
    struct statvfs filesystem;
    struct stat info;
    const char *slash = strrchr(path, '/');
    _cleanup_free_ char *parent = slash ? str_copy_n(path, (size_t)(slash - path)) : str_copy(".");
    _cleanup_close_ int fd = beneath_open(search->fd, parent, O_PATH | O_DIRECTORY);
    if (fd >= 0 && fstatvfs(fd, &filesystem) == 0 && filesystem.f_flag & ST_RDONLY)
        return false;
    return fd < 0 || faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) == 0 || fstat(fd, &info) < 0 ||
           info.st_uid == geteuid();
}

bool search_protect(struct guard_search *search, const char *path, enum if_absent absent,
                    const char *content) {
    _cleanup_free_ char *whole = absolute(search, path);
    enum beneath_entry entry = search_look(search, path);
    if (search_is_writable(search, path) || is_inside_protected(search, whole) ||
        (entry == ENTRY_UNSEEN && is_out_of_reach(search, path)))
        return true;
    if (entry == ENTRY_UNSEEN)
        return refuse(search, path, entry);
    if (entry == ENTRY_NONE && absent != ABSENT_SKIP && !can_appear(search, path))
        absent = ABSENT_WATCH;
    if (entry == ENTRY_LINK || entry == ENTRY_OTHER)
        return refuse(search, path, entry);
    if (entry == ENTRY_NONE && absent == ABSENT_SKIP)
        return true;
    if (entry == ENTRY_NONE && absent == ABSENT_WATCH) {
        guard_add(search->guard, whole, GUARD_WATCHED, false);
        return true;
    }
    bool directory = entry == ENTRY_NONE ? absent == ABSENT_DIRECTORY : entry == ENTRY_DIRECTORY;
    fix_parents(search, path);
    struct guarded *item = guard_add(search->guard, whole, GUARD_READ_ONLY, directory);
    item->placeholder = entry == ENTRY_NONE;
    item->other_filesystem = is_elsewhere(search, path);
    if (item->placeholder && content)
        str_set(&item->content, content);
    return true;
}

bool search_fix(struct guard_search *search, const char *path) {
    enum beneath_entry entry = search_look(search, path);
    if (entry != ENTRY_DIRECTORY)
        return entry == ENTRY_NONE || entry == ENTRY_UNSEEN || search_is_writable(search, path) ||
               refuse(search, path, entry);
    _cleanup_free_ char *whole = absolute(search, path);
    fix_parents(search, path);
    guard_add(search->guard, whole, GUARD_FIXED, true)->other_filesystem = is_elsewhere(search, path);
    return true;
}

bool search_cover(struct guard_search *search, const char *path, bool directory) {
    _cleanup_free_ char *whole = absolute(search, path);
    if (is_inside_protected(search, whole))
        return true;
    fix_parents(search, path);
    guard_add(search->guard, whole, GUARD_COVERED, directory)->how = GUARD_COVERED;
    return true;
}
