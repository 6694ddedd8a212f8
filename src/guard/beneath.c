#include "guard/beneath.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>

const char *entry_name(enum beneath_entry entry) {
    static const char *const names[] = {
        [ENTRY_NONE] = "nothing",
        [ENTRY_FILE] = "a file",
        [ENTRY_DIRECTORY] = "a directory",
        [ENTRY_LINK] = "a symbolic link",
        [ENTRY_OTHER] = "neither a file nor a directory",
        [ENTRY_UNSEEN] = "not to be looked at by this user",
    };
    return names[entry];
}

int beneath_open(int root, const char *path, int flags) {
    struct open_how how = {.flags = (unsigned int)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

int beneath_parent(const char *path, const char **name) {
    const char *slash = strrchr(path, '/');
    _cleanup_free_ char *parent = str_copy_n(path + 1, slash > path ? (size_t)(slash - path - 1) : 0);
    _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    *name = slash + 1;
    return beneath_open(root, *parent ? parent : ".", O_RDONLY | O_DIRECTORY);
}

bool beneath_write(int fd, const void *data, size_t size) {
    for (const char *at = data; size;) {
        ssize_t written = write(fd, at, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        size -= (size_t)written;
    }
    return true;
}

static enum beneath_entry entry_of(const struct stat *info) {
    return S_ISREG(info->st_mode)   ? ENTRY_FILE
           : S_ISDIR(info->st_mode) ? ENTRY_DIRECTORY
           : S_ISLNK(info->st_mode) ? ENTRY_LINK
                                    : ENTRY_OTHER;
}

enum beneath_entry beneath_look(int root, const char *path, struct stat *info) {
    struct stat found = {0};
    _cleanup_close_ int fd = beneath_open(root, path, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return errno == ELOOP                                                 ? ENTRY_LINK
               : errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG ? ENTRY_NONE
                                                                              : ENTRY_UNSEEN;
    if (fstat(fd, &found) < 0)
        return ENTRY_UNSEEN;
    if (info)
        *info = found;
    return entry_of(&found);
}

bool beneath_read(int root, const char *path, size_t most, struct buffer *content) {
    struct stat info;
    /* a FIFO in its place must not hold us up */
    _cleanup_close_ int fd = beneath_open(root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) < 0 || !S_ISREG(info.st_mode))
        return false;
    buffer_text(content, "");
    while (content->size < most) {
        char chunk[16384];
        size_t room = most - content->size < sizeof chunk ? most - content->size : sizeof chunk;
        ssize_t got = read(fd, chunk, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got == 0;
        buffer_add(content, chunk, (size_t)got);
    }
    return true;
}

static int by_letters(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool beneath_names(int root, const char *path, size_t most, struct strings *names) {
    int fd = beneath_open(root, path, O_RDONLY | O_DIRECTORY);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    bool all = true;
    if (!directory && fd >= 0)
        close(fd);
    for (const struct dirent *entry; directory && all && (entry = readdir(directory));) {
        if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
            continue;
        all = names->count < most;
        if (all)
            strings_add(names, entry->d_name);
    }
    if (directory)
        closedir(directory);
    if (names->count)
        qsort(names->items, names->count, sizeof *names->items, by_letters);
    return all;
}
