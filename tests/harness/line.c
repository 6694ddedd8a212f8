#include "tests/harness/line.h"

#include "base/loop.h"
#include "tests/harness/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#define CONNECTIONS 256

/* Bytes on their way. */
struct parcel {
    struct parcel *next;
    int64_t due;
    size_t size;
    char bytes[];
};

struct way {
    struct parcel *first, **last;
    bool ended; /* whoever sends has closed */
};

struct connection {
    int fds[2];         /* -1: this place is free */
    struct way ways[2]; /* from fds[i] to the other */
};

static volatile sig_atomic_t cut, silent;

static void caught(int signal) {
    if (signal == SIGUSR1)
        cut = 1;
    else
        silent = 1;
}

static void close_it(struct connection *connection) {
    for (int i = 0; i < 2; i++) {
        close(connection->fds[i]);
        connection->fds[i] = -1;
        while (connection->ways[i].first) {
            struct parcel *parcel = connection->ways[i].first;
            connection->ways[i].first = parcel->next;
            free(parcel);
        }
    }
}

static void take(struct connection *connection, int from, long delay) {
    struct way *way = &connection->ways[from];
    char bytes[65536];
    ssize_t got = read(connection->fds[from], bytes, sizeof bytes);
    if (got <= 0) {
        way->ended = true;
        return;
    }
    struct parcel *parcel = mem_new(sizeof *parcel + (size_t)got);
    parcel->due = loop_now() + delay;
    parcel->size = (size_t)got;
    memcpy(parcel->bytes, bytes, (size_t)got);
    *way->last = parcel;
    way->last = &parcel->next;
}

/* What is due goes out; returns when the next is, -1 if nothing is on its way. */
static long give(struct connection *connection, int from) {
    struct way *way = &connection->ways[from];
    while (way->first && way->first->due <= loop_now()) {
        struct parcel *parcel = way->first;
        for (size_t at = 0; at < parcel->size;) {
            ssize_t wrote = write(connection->fds[!from], parcel->bytes + at, parcel->size - at);
            if (wrote <= 0) {
                connection->ways[0].ended = connection->ways[1].ended = true;
                return -1;
            }
            at += (size_t)wrote;
        }
        way->first = parcel->next;
        if (!way->first)
            way->last = &way->first;
        free(parcel);
    }
    return way->first ? (long)(way->first->due - loop_now()) : -1;
}

static void open_one(struct connection *connections, int listener, const struct sockaddr_in *target) {
    int client = accept(listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
    struct connection *free_one = NULL;
    for (int i = 0; i < CONNECTIONS && !free_one; i++)
        free_one = connections[i].fds[0] < 0 ? &connections[i] : NULL;
    if (client < 0 || !free_one || connect(server, (const struct sockaddr *)target, sizeof *target) < 0) {
        close(client);
        close(server);
        return;
    }
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    *free_one = (struct connection){.fds = {client, server}};
    for (int i = 0; i < 2; i++)
        free_one->ways[i].last = &free_one->ways[i].first;
}

static void turn(struct connection *connections, int listener, const struct sockaddr_in *target,
                 long delay) {
    struct pollfd polled[1 + 2 * CONNECTIONS] = {{.fd = listener, .events = POLLIN}};
    long wait = 1000;
    for (int i = 0; i < CONNECTIONS; i++)
        for (int side = 0; side < 2; side++) {
            struct connection *connection = &connections[i];
            bool wanted = connection->fds[0] >= 0 && !connection->ways[side].ended;
            long next = connection->fds[0] >= 0 && !silent ? give(connection, side) : -1;
            wait = next >= 0 && next < wait ? next : wait;
            polled[1 + 2 * i + side] =
                (struct pollfd){.fd = wanted && !silent ? connection->fds[side] : -1, .events = POLLIN};
        }
    if (poll(polled, 1 + 2 * CONNECTIONS, (int)wait) < 0 && errno == EINTR)
        return;
    for (int i = 0; i < CONNECTIONS; i++) {
        struct connection *connection = &connections[i];
        for (int side = 0; side < 2 && connection->fds[0] >= 0; side++)
            if (polled[1 + 2 * i + side].revents)
                take(connection, side, delay);
        bool over = (connection->ways[0].ended && !connection->ways[0].first) ||
                    (connection->ways[1].ended && !connection->ways[1].first);
        if (connection->fds[0] >= 0 && over)
            close_it(connection);
    }
    if (polled[0].revents)
        open_one(connections, listener, target);
}

static void serve(int listener, const struct sockaddr_in *target, long delay) {
    static struct connection connections[CONNECTIONS];
    struct sigaction action = {.sa_handler = caught};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGUSR2, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < CONNECTIONS; i++)
        connections[i].fds[0] = connections[i].fds[1] = -1;
    for (;;) {
        turn(connections, listener, target, delay);
        for (int i = 0; cut && i < CONNECTIONS; i++)
            if (connections[i].fds[0] >= 0)
                close_it(&connections[i]);
        cut = 0;
    }
}

struct line line_start(const char *address, long milliseconds) {
    struct line line = {0};
    struct sockaddr_in target = {.sin_family = AF_INET},
                       own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof own;
    const char *colon = strchr(address, ':');
    _cleanup_free_ char *host = str_copy_n(address, (size_t)(colon - address));
    assert_int_equal(inet_pton(AF_INET, host, &target.sin_addr), 1);
    target.sin_port = htons((uint16_t)atoi(colon + 1));
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&own, sizeof own), 0);
    assert_int_equal(listen(listener, 64), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&own, &size), 0);
    line.port = ntohs(own.sin_port);
    line.pid = fork();
    if (line.pid == 0)
        serve(listener, &target, milliseconds);
    close(listener);
    return line;
}

void line_stop(struct line *line) {
    kill(line->pid, SIGKILL);
    waitpid(line->pid, NULL, 0);
    line->pid = 0;
}
