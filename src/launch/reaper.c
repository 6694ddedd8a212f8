#include "launch/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The last word where nothing is left to do. */
#define RELEASED '.'

static void drop_descriptors(int kept, int pipe) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), low = kept >= 0 && kept < pipe ? kept : pipe,
        high = kept < pipe ? pipe : kept;
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        dup2(null, fd);
    if (low > 3)
        close_range(3, (unsigned int)low - 1, 0);
    if (high > low + 1)
        close_range((unsigned int)low + 1, (unsigned int)high - 1, 0);
    close_range((unsigned int)high + 1, ~0u, 0);
}

/* All that the parent says until its end. */
static void listen_to(int pipe, struct buffer *words) {
    char bytes[256];
    for (ssize_t got = 1; got > 0;) {
        got = read(pipe, bytes, sizeof bytes);
        if (got > 0)
            buffer_add(words, bytes, (size_t)got);
        else if (got < 0 && errno == EINTR)
            got = 1;
    }
}

static void reap(const struct incus *parents, int kept, int pipe, reaper_fn *work, const void *data) {
    _cleanup_(buffer_done) struct buffer words = {0};
    _cleanup_(error_done) struct error err = {0};
    setsid();
    (void)!chdir("/"); /* the directory that was worked in can be unmounted */
    prctl(PR_SET_NAME, "berth-reaper");
    drop_descriptors(kept, pipe);
    listen_to(pipe, &words);
    if (words.size && words.data[words.size - 1] == RELEASED)
        return;
    struct loop *loop = loop_new(&err);
    if (!loop)
        return;
    struct incus *client = incus_new(loop, incus_endpoint(parents), incus_project(parents));
    work(client, words.size ? words.data : "", data);
    incus_free(client);
    loop_free(loop);
}

int reaper_start(const struct incus *client, int kept, reaper_fn *work, const void *data) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        /* a child's child is nobody's to wait for */
        if (fork() == 0)
            reap(client, kept, ends[0], work, data);
        _exit(0);
    }
    int number = errno;
    close(ends[0]);
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    if (pid > 0)
        return ends[1];
    close(ends[1]);
    errno = number;
    return -1;
}

void reaper_tell(int reaper, const char *words) {
    (void)!send(reaper, words, strlen(words), MSG_NOSIGNAL);
}

void reaper_release(int reaper) {
    reaper_tell(reaper, (const char[]){RELEASED, 0});
    close(reaper);
}
