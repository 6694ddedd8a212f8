/* `berth file push|pull`. */
#include "incus/file.h"
#include "cli/command.h"
#include "cli/flags.h"
#include "launch/label.h"
#include "session/list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

struct job {
    struct cli *cli;
    char *instance;
    struct idmap_ids code; /* who owns inside what is pushed */
};

static void job_done(struct job *job) {
    free(job->instance);
}

static void cleanup_dir(DIR **directory) {
    if (*directory)
        closedir(*directory);
}

/* The last part of a path, without slashes behind it. Caller owns. */
static char *last_part(const char *path) {
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    size_t begin = end;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    return str_copy_n(path + begin, end - begin);
}

static bool push(const struct job *job, int at, const char *name, const char *to, struct error *err);

static bool push_folder(const struct job *job, int fd, const char *to, struct error *err) {
    _cleanup_(cleanup_dir) DIR *directory = fdopendir(fd);
    if (!directory)
        return error_errno(err, errno, "cannot list what goes to %s", to);
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, ".."))
            continue;
        _cleanup_free_ char *below = str_printf("%s/%s", to, entry->d_name);
        if (!push(job, dirfd(directory), entry->d_name, below, err))
            return false;
    }
    return true;
}

static bool push_open(const struct job *job, int fd, const struct file_info *info, const char *name,
                      const char *to, struct error *err) {
    if (info->type == FILE_DIRECTORY) {
        if (!file_put(job->cli->client, job->instance, to, info, NULL, NULL, err)) {
            close(fd);
            return false;
        }
        return push_folder(job, fd, to, err);
    }
    _cleanup_fclose_ FILE *file = fdopen(fd, "r");
    return file ? file_put(job->cli->client, job->instance, to, info, file, NULL, err)
                : error_errno(err, errno, "cannot read %s", name);
}

static bool push(const struct job *job, int at, const char *name, const char *to, struct error *err) {
    struct stat stat;
    char target[PATH_MAX + 1];
    if (fstatat(at, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return error_errno(err, errno, "cannot read %s", name);
    struct file_info info = {.mode = stat.st_mode & 07777, .uid = job->code.uid, .gid = job->code.gid};
    if (S_ISLNK(stat.st_mode) && at != AT_FDCWD) {
        ssize_t length = readlinkat(at, name, target, PATH_MAX);
        if (length < 0)
            return error_errno(err, errno, "cannot read %s", name);
        target[length] = 0;
        info.type = FILE_SYMLINK;
        return file_put(job->cli->client, job->instance, to, &info, NULL, target, err);
    }
    int fd = openat(at, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | (at == AT_FDCWD ? 0 : O_NOFOLLOW));
    if (fd < 0 || fstat(fd, &stat) < 0)
        return error_errno(err, errno, "cannot read %s", name);
    info.mode = stat.st_mode & 07777;
    info.type = S_ISDIR(stat.st_mode) ? FILE_DIRECTORY : FILE_REGULAR;
    if (info.type == FILE_DIRECTORY && !job->cli->recursive) {
        close(fd);
        error_set(err, ERROR_USAGE, "%s is a directory", name);
        error_hint(err, "-r copies directories");
        return false;
    }
    if (!S_ISDIR(stat.st_mode) && !S_ISREG(stat.st_mode)) {
        close(fd);
        cli_notice(job->cli, "%s is left out: neither a file nor a directory nor a link", name);
        return true;
    }
    return push_open(job, fd, &info, name, to, err);
}

static bool pull(const struct job *job, const char *from, int at, const char *name, struct error *err);

/* Names come from the container: one with a slash, or "..", would lead out of the folder. */
static bool is_plain(const char *name) {
    return *name && !strchr(name, '/') && !str_equal(name, ".") && !str_equal(name, "..");
}

static bool pull_folder(const struct job *job, const char *from, int at, const char *name,
                        const struct file_info *info, const struct strings *names, struct error *err) {
    if (!job->cli->recursive) {
        error_set(err, ERROR_USAGE, "%s:%s is a directory", job->instance, from);
        error_hint(err, "-r copies directories");
        return false;
    }
    if (mkdirat(at, name, 0700) < 0 && errno != EEXIST)
        return error_errno(err, errno, "cannot create %s", name);
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | (at == AT_FDCWD ? 0 : O_NOFOLLOW));
    if (fd < 0)
        return error_errno(err, errno, "cannot open %s", name);
    bool good = true;
    for (size_t i = 0; good && i < names->count; i++) {
        _cleanup_free_ char *below = str_printf("%s/%s", from, names->items[i]);
        good = is_plain(names->items[i])
                   ? pull(job, below, fd, names->items[i], err)
                   : error_set(err, ERROR_FAILED, "%s has an entry whose name is not a file name", from);
    }
    if (good && fchmod(fd, info->mode) < 0)
        good = error_errno(err, errno, "cannot set the mode of %s", name);
    close(fd);
    return good;
}

/* Beside its place first: what is there is lost only when the new one is whole. */
static bool put_in_place(int at, const char *beside, const char *name, FILE *file, mode_t mode,
                         struct error *err) {
    if (fflush(file) == 0 && fchmod(fileno(file), mode) == 0 && renameat(at, beside, at, name) == 0)
        return true;
    return error_errno(err, errno, "cannot write %s", name);
}

static bool pull(const struct job *job, const char *from, int at, const char *name, struct error *err) {
    struct file_info info;
    _cleanup_(strings_done) struct strings text = {0};
    _cleanup_free_ char *beside = str_printf("%s.berth-%d", name, (int)getpid());
    int fd = openat(at, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(err, errno, "cannot write %s", name);
    _cleanup_fclose_ FILE *file = fdopen(fd, "w");
    if (!file)
        return error_errno(err, errno, "cannot write %s", name);
    bool good = file_get(job->cli->client, job->instance, from, file, &info, &text, err);
    if (good && info.type == FILE_REGULAR && put_in_place(at, beside, name, file, info.mode & 0777, err))
        return true;
    unlinkat(at, beside, 0);
    if (!good || info.type == FILE_REGULAR)
        return false;
    if (info.type == FILE_DIRECTORY)
        return pull_folder(job, from, at, name, &info, &text, err);
    const char *link = text.count ? text.items[0] : "";
    return symlinkat(link, at, name) == 0 || error_errno(err, errno, "cannot create %s", name);
}

/* Splits CONTAINER:PATH. */
static bool remote(const char *text, struct job *job, const char **path, struct error *err) {
    const char *colon = strchr(text, ':');
    if (!colon || colon == text || colon[1] != '/') {
        _cleanup_free_ char *shown = str_shown(text);
        return error_set(err, ERROR_USAGE, "%s: must be CONTAINER:/PATH", shown);
    }
    job->instance = str_copy_n(text, (size_t)(colon - text));
    *path = colon + 1;
    return true;
}

static bool ready(struct cli *cli, struct job *job, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!cli_connect(cli, err) || !cli_get_session(cli, job->instance, &instance, err))
        return false;
    job->code = label_code(&instance, &cli->settings);
    return true;
}

/* In coi's words, with the paths as they were given. */
static bool say(const struct cli *cli, const char *verb, const char *from, const char *to,
                struct error *err) {
    _cleanup_free_ char *line =
        str_printf("%s %s %s -> %s\n", verb, cli->recursive ? "directory" : "file", from, to);
    return cli_print(line, err);
}

static int run_push(struct cli *cli, struct error *err) {
    _cleanup_(job_done) struct job job = {.cli = cli};
    const char *path = "";
    if (!remote(cli->arguments.items[1], &job, &path, err) || !ready(cli, &job, err))
        return -1;
    const char *source = cli->arguments.items[0];
    const char *last_slash = strrchr(path, '/');
    bool into = last_slash && last_slash[1] == 0;
    _cleanup_free_ char *name = last_part(source), *to = str_printf("%s%s", path, into ? name : "");
    return push(&job, AT_FDCWD, source, to, err) && say(cli, "Pushed", source, cli->arguments.items[1], err)
               ? 0
               : -1;
}

static int run_pull(struct cli *cli, struct error *err) {
    _cleanup_(job_done) struct job job = {.cli = cli};
    const char *path = "";
    struct stat stat_of;
    if (!remote(cli->arguments.items[0], &job, &path, err) || !ready(cli, &job, err))
        return -1;
    const char *target = cli->arguments.items[1];
    bool into = stat(target, &stat_of) == 0 && S_ISDIR(stat_of.st_mode);
    _cleanup_free_ char *name = last_part(path),
                        *to = into ? str_printf("%s/%s", target, name) : str_copy(target);
    return pull(&job, path, AT_FDCWD, to, err) && say(cli, "Pulled", cli->arguments.items[0], to, err) ? 0
                                                                                                       : -1;
}

static const struct flag *const flags[] = {&flag_recursive, NULL};

const struct command command_file = {.name = "file",
                                     .most = MANY,
                                     .arguments = "COMMAND",
                                     .summary = "copy files into and out of containers",
                                     .run = cli_group};
const struct command command_file_push = {
    .name = "file push",
    .least = 2,
    .most = 2,
    .arguments = "[-r] SOURCE CONTAINER:PATH",
    .summary = "copy into a container; files are code's there, with their modes",
    .flags = flags,
    .run = run_push};
const struct command command_file_pull = {.name = "file pull",
                                          .least = 2,
                                          .most = 2,
                                          .arguments = "[-r] CONTAINER:PATH TARGET",
                                          .summary = "copy out of a container",
                                          .flags = flags,
                                          .run = run_pull};
