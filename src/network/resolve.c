#include "network/resolve.h"

#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>

#define TRY_MS 2000
#define TRIES  3

struct socket_watch {
    struct socket_watch *next;
    struct resolving *resolving;
    ares_socket_t fd;
    struct watch *watch;
};

struct lookup {
    struct resolving *resolving;
    struct answer *answer;
    int status;
};

struct resolving {
    struct loop *loop;
    ares_channel channel;
    struct socket_watch *sockets;
    struct timer *timer;
    size_t left;
    bool done;
};

static void set_timer(struct resolving *resolving);

static void process(struct resolving *resolving, ares_socket_t in, ares_socket_t out) {
    ares_process_fd(resolving->channel, in, out);
    set_timer(resolving);
}

static void due(void *data) {
    struct resolving *resolving = data;
    resolving->timer = NULL;
    process(resolving, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void set_timer(struct resolving *resolving) {
    struct timeval room, *next = ares_timeout(resolving->channel, NULL, &room);
    timer_stop(resolving->timer);
    resolving->timer =
        next && !resolving->done
            ? loop_timer(resolving->loop, next->tv_sec * 1000 + next->tv_usec / 1000 + 1, due, resolving)
            : NULL;
}

static void socket_ready(void *data, short events) {
    const struct socket_watch *socket = data;
    ares_socket_t fd = socket->fd;
    process(socket->resolving, events & ~POLLOUT ? fd : ARES_SOCKET_BAD,
            events & POLLOUT ? fd : ARES_SOCKET_BAD);
}

/* c-ares tells what it waits for; nothing any more: the descriptor is about to be closed. */
static void socket_changed(void *data, ares_socket_t fd, int readable, int writable) {
    struct resolving *resolving = data;
    short events = (short)((readable ? POLLIN : 0) | (writable ? POLLOUT : 0));
    struct socket_watch **place = &resolving->sockets;
    while (*place && (*place)->fd != fd)
        place = &(*place)->next;
    if (!*place && events) {
        struct socket_watch *socket = mem_new(sizeof *socket);
        *socket = (struct socket_watch){.resolving = resolving, .fd = fd};
        socket->watch = loop_watch(resolving->loop, fd, events, socket_ready, socket);
        *place = socket;
    } else if (*place && events) {
        watch_events((*place)->watch, events);
    } else if (*place) {
        struct socket_watch *gone = *place;
        *place = gone->next;
        watch_stop(gone->watch);
        free(gone);
    }
}

static long believed(int seconds) {
    return seconds < RESOLVE_LEAST ? RESOLVE_LEAST : seconds > RESOLVE_MOST ? RESOLVE_MOST : seconds;
}

static void answered(void *data, int status, int timeouts, struct ares_addrinfo *result) {
    struct lookup *lookup = data;
    struct answer *answer = lookup->answer;
    (void)timeouts;
    lookup->status = status;
    for (const struct ares_addrinfo_node *node = result ? result->nodes : NULL; node;
         node = node->ai_next) {
        if (node->ai_family != AF_INET)
            continue;
        uint32_t address =
            ntohl(((const struct sockaddr_in *)(const void *)node->ai_addr)->sin_addr.s_addr);
        long seconds = believed(node->ai_ttl);
        ranges_add(&answer->addresses, (struct range){address, address});
        if (!answer->seconds || seconds < answer->seconds)
            answer->seconds = seconds;
    }
    ares_freeaddrinfo(result);
    lookup->resolving->done = --lookup->resolving->left == 0;
}

static bool ask(struct resolving *resolving, struct answers *answers, struct lookup *lookups,
                struct error *err) {
    static const struct ares_addrinfo_hints hints = {
        .ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = ARES_AI_NOSORT};
    resolving->left = answers->count + 1;
    for (size_t i = 0; i < answers->count; i++) {
        lookups[i] = (struct lookup){.resolving = resolving, .answer = &answers->items[i]};
        ares_getaddrinfo(resolving->channel, answers->items[i].name, NULL, &hints, answered, &lookups[i]);
    }
    resolving->done = --resolving->left == 0;
    set_timer(resolving);
    return loop_run(resolving->loop, &resolving->done, err);
}

static bool check(const struct answers *answers, const struct lookup *lookups, struct error *err) {
    for (size_t i = 0; i < answers->count; i++) {
        const char *name = answers->items[i].name;
        if (answers->items[i].addresses.count)
            continue;
        if (lookups[i].status == ARES_SUCCESS || lookups[i].status == ARES_ENODATA)
            return error_set(err, ERROR_FAILED, "%s has no IPv4 address", name);
        error_set(err, ERROR_FAILED, "%s could not be resolved: %s", name,
                  ares_strerror(lookups[i].status));
        error_hint(err, "the name is looked up on this machine: getent ahostsv4 %s", name);
        return false;
    }
    return true;
}

bool resolve_names(struct loop *loop, const struct strings *names, struct answers *answers,
                   struct error *err) {
    struct resolving resolving = {.loop = loop};
    struct ares_options options = {.timeout = TRY_MS,
                                   .tries = TRIES,
                                   .sock_state_cb = socket_changed,
                                   .sock_state_cb_data = &resolving};
    if (!names->count)
        return true;
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS)
        status = ares_init_options(&resolving.channel, &options,
                                   ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB);
    if (status != ARES_SUCCESS)
        return error_set(err, ERROR_FAILED, "names cannot be resolved here: %s", ares_strerror(status));
    *answers = (struct answers){mem_new(names->count * sizeof *answers->items), names->count};
    for (size_t i = 0; i < names->count; i++)
        answers->items[i].name = str_copy(names->items[i]);
    _cleanup_free_ struct lookup *lookups = mem_new(names->count * sizeof *lookups);
    bool good = ask(&resolving, answers, lookups, err) && check(answers, lookups, err);
    ares_destroy(resolving.channel); /* calls back for what is under way, and closes its sockets */
    timer_stop(resolving.timer);
    ares_library_cleanup();
    if (!good)
        answers_done(answers);
    return good;
}

long answers_seconds(const struct answers *answers) {
    long least = RESOLVE_MOST;
    for (size_t i = 0; i < answers->count; i++)
        if (answers->items[i].seconds < least)
            least = answers->items[i].seconds;
    return least;
}
