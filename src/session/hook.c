#include "session/hook.h"

#include <errno.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

static void ended(void *data, short events) {
    (void)events;
    *(bool *)data = true;
}

/* Waits in the loop; a kernel without pidfd_open(2) makes us wait outside it. */
static int wait_for(struct loop *loop, pid_t pid, struct error *err) {
    int status = -1;
    bool done = false;
    _cleanup_close_ int fd = pidfd_open(pid, 0);
    struct watch *watch = fd >= 0 ? loop_watch(loop, fd, POLLIN, ended, &done) : NULL;
    bool good = fd < 0 || loop_run(loop, &done, err);
    watch_stop(watch);
    if (!good)
        kill(pid, SIGTERM);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status;
}

bool hook_run(struct loop *loop, const char *program, const char *name, struct error *err) {
    char *argv[] = {(char *)program, (char *)name, NULL};
    posix_spawnattr_t attributes;
    pid_t pid;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, loop_signals_old(loop));
    int number = posix_spawn(&pid, program, NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    if (number)
        return error_errno(err, number, "pre_start %s", program);
    int status = wait_for(loop, pid, err);
    if (err->class || (WIFEXITED(status) && WEXITSTATUS(status) == 0))
        return err->class == ERROR_NONE;
    return error_set(err, ERROR_FAILED, "pre_start %s ended with status %d: %s was not started", program,
                     WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), name);
}
