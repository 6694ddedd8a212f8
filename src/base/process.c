#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

static void ended(void *data, short events) {
    (void)events;
    *(bool *)data = true;
}

/* A kernel without pidfd_open(2) makes us wait outside the loop. */
static bool wait_for(struct loop *loop, pid_t pid, int *status, struct error *err) {
    bool over = false;
    _cleanup_close_ int fd = pidfd_open(pid, 0);
    struct watch *watch = fd >= 0 ? loop_watch(loop, fd, POLLIN, ended, &over) : NULL;
    bool good = fd < 0 || loop_run(loop, &over, err);
    watch_stop(watch);
    if (!good)
        kill(pid, SIGTERM);
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return good;
}

static bool run(struct loop *loop, char *const *argv, posix_spawn_file_actions_t *actions, int *status,
                struct error *err) {
    posix_spawnattr_t attributes;
    pid_t pid;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, loop_signals_old(loop));
    int number = posix_spawn(&pid, argv[0], actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    if (number)
        return error_errno(err, number, "cannot run %s", argv[0]);
    return wait_for(loop, pid, status, err);
}

bool process_run(struct loop *loop, char *const *argv, int *status, struct error *err) {
    return run(loop, argv, NULL, status, err);
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

int process_status(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
