#include "remote/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* As mkdir -p, for the folder of `path`. */
static void make_folder(const char *path) {
    _cleanup_free_ char *folder = str_copy(path);
    for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(folder, 0700);
        *slash = '/';
    }
}

static bool write_all(int fd, const char *data, size_t size) {
    for (ssize_t wrote; size; data += wrote, size -= (size_t)wrote)
        if ((wrote = write(fd, data, size)) < 0)
            return false;
    return fsync(fd) == 0;
}

bool file_replace(const char *path, const void *data, size_t size, mode_t mode, struct error *err) {
    _cleanup_free_ char *beside = str_printf("%s.%d", path, getpid());
    make_folder(path);
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    bool good = fd >= 0 && write_all(fd, data, size);
    int number = errno;
    if (fd >= 0 && close(fd) != 0 && good)
        number = errno, good = false;
    if (good && rename(beside, path) == 0)
        return true;
    number = good ? errno : number;
    if (fd >= 0)
        unlink(beside);
    return error_errno(err, number, "cannot write %s", path);
}
