#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_LIMIT (16u << 20)

static bool same_file(const char *a, const char *b) {
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static char *working_directory(struct error *err) {
    const char *pwd = getenv("PWD");
    if (pwd && pwd[0] == '/' && same_file(pwd, "."))
        return str_copy(pwd);
    char *directory = getcwd(NULL, 0);
    if (!directory)
        error_errno(err, errno, "the working directory is gone");
    return directory;
}

/* Takes ".", ".." and double slashes out of an absolute path, in place. */
static void clean(char *path) {
    char *out = path;
    const char *in = path;
    while (*in) {
        while (*in == '/')
            in++;
        size_t length = strcspn(in, "/");
        if (length == 2 && strncmp(in, "..", 2) == 0) {
            while (out > path && *--out != '/')
                ;
        } else if (length > 0 && !(length == 1 && *in == '.')) {
            *out++ = '/';
            memmove(out, in, length);
            out += length;
        }
        in += length;
    }
    if (out == path)
        *out++ = '/';
    *out = 0;
}

char *path_absolute(const char *path, struct error *err) {
    char *absolute;
    if (path[0] == '/') {
        absolute = str_copy(path);
    } else {
        _cleanup_free_ char *directory = working_directory(err);
        if (!directory)
            return NULL;
        absolute = str_printf("%s/%s", directory, path);
    }
    clean(absolute);
    return absolute;
}

const char *path_home(void) {
    const char *home = getenv("HOME");
    if (!str_empty(home))
        return home;
    const struct passwd *entry = getpwuid(getuid());
    return entry && !str_empty(entry->pw_dir) ? entry->pw_dir : "/";
}

char *path_expand_home(const char *text) {
    if (text[0] == '~' && (text[1] == '/' || text[1] == 0))
        return str_printf("%s%s", path_home(), text + 1);
    return str_copy(text);
}

bool path_is_under(const char *path, const char *root) {
    size_t length = strlen(root);
    if (length == 1)
        return true;
    return strncmp(path, root, length) == 0 && (path[length] == 0 || path[length] == '/');
}

bool path_read(const char *path, struct buffer *content, struct error *err) {
    _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, errno, "cannot read %s", path);
    char chunk[16384];
    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, errno, "cannot read %s", path);
        if (got == 0)
            break;
        if (content->size + (size_t)got > FILE_LIMIT)
            return error_set(err, ERROR_FAILED, "%s is larger than %u MB", path, FILE_LIMIT >> 20);
        buffer_add(content, chunk, (size_t)got);
    }
    buffer_text(content, "");
    return true;
}

char *path_find_program(const char *name) {
    const char *path = getenv("PATH");
    /* the daemon's helpers stand in sbin folders that a user's PATH may lack */
    _cleanup_free_ char *all =
        str_printf("%s:/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", path ? path : "");
    char *rest = all;
    for (char *folder; (folder = strsep(&rest, ":"));) {
        _cleanup_free_ char *candidate = str_printf("%s/%s", folder, name);
        if (*folder == '/' && access(candidate, X_OK) == 0)
            return str_copy(candidate);
    }
    return NULL;
}
