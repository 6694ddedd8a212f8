#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define DESCRIPTORS 8192

static void ended(void *data, short events) {
    (void)events;
    *(bool *)data = true;
}

struct waiting {
    bool over, late;
    struct timer *timer;
};

static void too_late(void *data) {
    struct waiting *waiting = data;
    waiting->timer = NULL;
    waiting->over = waiting->late = true;
}

/* A kernel without pidfd_open(2) makes us wait outside the loop. */
static bool wait_for(struct loop *loop, pid_t pid, const char *program, long timeout, int *status,
                     struct error *err) {
    struct waiting waiting = {0};
    _cleanup_close_ int fd = pidfd_open(pid, 0);
    struct watch *watch = fd >= 0 ? loop_watch(loop, fd, POLLIN, ended, &waiting.over) : NULL;
    if (timeout > 0)
        waiting.timer = loop_timer(loop, timeout, too_late, &waiting);
    bool good = fd < 0 || loop_run(loop, &waiting.over, err);
    timer_stop(waiting.timer);
    watch_stop(watch);
    if (!good)
        kill(pid, SIGTERM);
    else if (waiting.late)
        kill(pid, SIGKILL);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    if (good && waiting.late)
        return error_set(err, ERROR_FAILED, "%s took longer than %ld s", program, timeout / 1000);
    return good;
}

static bool spawn(struct loop *loop, char *const *argv, char *const *environment,
                  posix_spawn_file_actions_t *actions, pid_t *pid, struct error *err) {
    posix_spawnattr_t attributes;
    sigset_t ignored; /* by us alone: programs count on being ended by it */
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigdefault(&attributes, &ignored);
    /* what is open here is ours: a program that goes on in the background would hold our locks */
    posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    posix_spawnattr_setsigmask(&attributes, loop_signals_old(loop));
    int number = posix_spawn(pid, argv[0], actions, &attributes, argv, environment ? environment : environ);
    posix_spawnattr_destroy(&attributes);
    return number == 0 || error_errno(err, number, "cannot run %s", argv[0]);
}

static bool run(struct loop *loop, char *const *argv, posix_spawn_file_actions_t *actions, int *status,
                struct error *err) {
    pid_t pid;
    return spawn(loop, argv, NULL, actions, &pid, err) && wait_for(loop, pid, argv[0], 0, status, err);
}

bool process_run(struct loop *loop, char *const *argv, int *status, struct error *err) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    bool good = run(loop, argv, &actions, status, err);
    posix_spawn_file_actions_destroy(&actions);
    return good;
}

bool process_feed(struct loop *loop, char *const *argv, const char *input, int *status, struct error *err) {
    posix_spawn_file_actions_t actions;
    _cleanup_close_ int file = memfd_create("input", MFD_CLOEXEC);
    size_t size = strlen(input);
    if (file < 0 || write(file, input, size) != (ssize_t)size || lseek(file, 0, SEEK_SET) < 0)
        return error_errno(err, errno, "cannot hand over the input of %s", argv[0]);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, file, STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    bool good = run(loop, argv, &actions, status, err);
    posix_spawn_file_actions_destroy(&actions);
    return good;
}

struct reading {
    int fd;
    const struct process_capture *capture;
};

/* What is past the limit is read all the same: nobody is held up by it. */
static void readable(void *data, short events) {
    const struct reading *reading = data;
    const struct process_capture *capture = reading->capture;
    char bytes[16384];
    ssize_t got;
    (void)events;
    while ((got = read(reading->fd, bytes, sizeof bytes)) > 0) {
        size_t room = capture->output ? capture->limit - capture->output->size : 0;
        if (room)
            buffer_add(capture->output, bytes, (size_t)got < room ? (size_t)got : room);
    }
}

bool process_capture(struct loop *loop, char *const *argv, const struct process_capture *capture,
                     int *status, struct error *err) {
    posix_spawn_file_actions_t actions;
    int ends[2];
    pid_t pid;
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_errno(err, errno, "cannot read what %s prints", argv[0]);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    if (capture->directory)
        posix_spawn_file_actions_addchdir_np(&actions, capture->directory);
    bool good = spawn(loop, argv, capture->environment, &actions, &pid, err);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    struct reading reading = {ends[0], capture};
    struct watch *watch = good ? loop_watch(loop, ends[0], POLLIN, readable, &reading) : NULL;
    good = good && wait_for(loop, pid, argv[0], capture->timeout, status, err);
    if (good)
        readable(&reading, POLLIN);
    watch_stop(watch);
    close(ends[0]);
    return good;
}

void process_more_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= DESCRIPTORS)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS ? limit.rlim_max : DESCRIPTORS;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int process_status(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
