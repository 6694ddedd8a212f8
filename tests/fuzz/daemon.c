#include "tests/fuzz/daemon.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define CUT     "\n----\n"
#define ANSWERS 4

static struct loop *loop;
static char path[64];
static struct buffer answers[ANSWERS];
static int next_answer;

struct peer {
    int fd;
    struct watch *watch;
};

/* The request is read as far as it is there; what it says does not matter. */
static void asked(void *data, short events) {
    struct peer *peer = data;
    char bytes[4096];
    (void)events;
    if (recv(peer->fd, bytes, sizeof bytes, MSG_DONTWAIT) > 0 && next_answer < ANSWERS) {
        const struct buffer *answer = &answers[next_answer++];
        if (answer->size)
            (void)!send(peer->fd, answer->data, answer->size, MSG_NOSIGNAL | MSG_DONTWAIT);
        shutdown(peer->fd, SHUT_WR);
        return;
    }
    watch_stop(peer->watch);
    close(peer->fd);
    free(peer);
}

static void came(void *data, short events) {
    int fd = accept4(*(int *)data, NULL, NULL, SOCK_CLOEXEC);
    (void)events;
    if (fd < 0)
        return;
    struct peer *peer = mem_new(sizeof *peer);
    peer->fd = fd;
    peer->watch = loop_watch(loop, fd, POLLIN, asked, peer);
}

static void gone(void) {
    unlink(path);
}

struct loop *fake_loop(void) {
    static int fd;
    struct error err = {0};
    if (loop)
        return loop;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    loop = loop_new(&err);
    snprintf(path, sizeof path, "/tmp/berth-fuzz-%d", (int)getpid());
    memcpy(address.sun_path, path, strlen(path) + 1);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    unlink(path);
    if (!loop || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 16) < 0)
        abort();
    atexit(gone);
    signal(SIGPIPE, SIG_IGN);
    (void)!loop_watch(loop, fd, POLLIN, came, &fd);
    return loop;
}

struct incus *fake_client(void) {
    return incus_new_local(fake_loop(), path, "default");
}

void fake_answers(const char *before, const uint8_t *bytes, size_t size) {
    const char *at = (const char *)bytes, *end = at + size;
    next_answer = 0;
    for (int i = 0; i < ANSWERS; i++) {
        buffer_drop_end(&answers[i], 0);
        if (at >= end && i > 0)
            continue;
        const char *cut = at < end ? memmem(at, (size_t)(end - at), CUT, strlen(CUT)) : NULL;
        if (before)
            buffer_text(&answers[i], before);
        buffer_add(&answers[i], at, (size_t)((cut ? cut : end) - at));
        at = cut ? cut + strlen(CUT) : end;
    }
}

void fake_run(const bool *done) {
    struct error err = {0};
    /* what was asked for ends by itself: a peer says its answer, and then no more */
    if (!loop_run(loop, done, &err))
        abort();
}
