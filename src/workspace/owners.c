#include "workspace/owners.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct walk {
    int root;
    dev_t device;
    size_t limit;
    struct owners *owners;
    struct strings queue; /* directories below the root that wait to be read, as they were met */
};

void owners_done(struct owners *owners) {
    for (size_t i = 0; i < owners->count; i++)
        free(owners->items[i].example);
    *owners = (struct owners){0};
}

static void cleanup_dir(DIR **directory) {
    if (*directory)
        closedir(*directory);
}

/* One owner too many to be told apart is counted with the last. */
static void add(struct owners *owners, const struct stat *info, const char *path) {
    size_t at = 0;
    while (at < owners->count &&
           (owners->items[at].uid != info->st_uid || owners->items[at].gid != info->st_gid))
        at++;
    owners->entries++;
    if (at == OWNERS_MOST)
        at--;
    if (at == owners->count)
        owners->items[owners->count++] =
            (struct owner_count){info->st_uid, info->st_gid, 0, str_copy(path)};
    owners->items[at].count++;
}

/* False when the limit is reached. */
static bool read_directory(struct walk *walk, const char *path) {
    int fd = openat(walk->root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    _cleanup_(cleanup_dir) DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (!directory && fd >= 0)
        close(fd);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        struct stat info;
        if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..") ||
            fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        if (walk->owners->entries >= walk->limit)
            return false;
        _cleanup_free_ char *below =
            str_equal(path, ".") ? str_copy(entry->d_name) : str_printf("%s/%s", path, entry->d_name);
        add(walk->owners, &info, below);
        if (S_ISDIR(info.st_mode) && info.st_dev == walk->device)
            strings_add(&walk->queue, below);
    }
    return true;
}

void owners_count(const char *path, size_t limit, struct owners *owners) {
    struct stat info;
    _cleanup_close_ int root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct walk walk = {.root = root, .limit = limit, .owners = owners};
    if (root < 0 || fstat(root, &info) < 0)
        return;
    walk.device = info.st_dev;
    owners->complete = true;
    add(owners, &info, ".");
    strings_add(&walk.queue, ".");
    for (size_t i = 0; i < walk.queue.count && owners->complete; i++)
        owners->complete = read_directory(&walk, walk.queue.items[i]);
    strings_done(&walk.queue);
}
