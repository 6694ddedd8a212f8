#include "tests/harness/internet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMESPACE "berth-test"
#define LOCK      "/run/berth-test-internet.lock"
#define DNS_MAX   512

static struct {
    int lock;
    pid_t inside, here;
    char *names, *resolver;
} internet = {.lock = -1};

static void ip(const char *line, bool must) {
    _cleanup_free_ char *whole = str_printf("ip %s", line);
    _result_ result = shell_line(&(struct how){0}, whole);
    if (must)
        assert_status(result, 0);
}

/* On all addresses, of both kinds. */
static int listen_on(unsigned int port) {
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (const struct sockaddr *)&to, sizeof to) < 0 || listen(fd, 64) < 0)
        _exit(97);
    return fd;
}

static int name_server(const char *address) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(53)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    if (bind(fd, (const struct sockaddr *)&to, sizeof to) < 0)
        _exit(97);
    return fd;
}

/* The addresses of a name, and how long they are good for; the file is read anew for each question. */
static size_t look_up(const char *name, uint32_t *seconds, struct in_addr *found, size_t room) {
    char line[256];
    size_t count = 0;
    _cleanup_fclose_ FILE *in = fopen(internet.names, "re");
    while (in && count == 0 && fgets(line, sizeof line, in)) {
        char *rest = line, *word = strsep(&rest, " \n");
        if (strcmp(word, name) != 0)
            continue;
        *seconds = (uint32_t)strtoul(strsep(&rest, " \n"), NULL, 10);
        while (count < room && (word = strsep(&rest, " \n")) && *word)
            count += inet_pton(AF_INET, word, &found[count]) == 1;
    }
    return count;
}

static size_t put(unsigned char *at, uint32_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> 8 * (bytes - 1 - i));
    return bytes;
}

/* Answers one question (RFC 1035, 4.1): its header and the question come back, and an A for each address.
 */
static void answer_dns(int fd) {
    unsigned char message[DNS_MAX + 256];
    char name[DNS_MAX] = "";
    struct sockaddr_in from;
    socklen_t length = sizeof from;
    ssize_t got = recvfrom(fd, message, DNS_MAX, 0, (struct sockaddr *)&from, &length);
    size_t at = 12, out = 0;
    struct in_addr found[8];
    uint32_t seconds = 0;
    if (got < 17)
        return;
    while (at < (size_t)got && message[at]) {
        size_t label = message[at++];
        if (at + label >= (size_t)got)
            return;
        snprintf(name + out, sizeof name - out, "%s%.*s", out ? "." : "", (int)label, message + at);
        out = strlen(name);
        at += label;
    }
    bool wants_a = message[at + 2] == 1;
    at += 5;
    size_t count = look_up(name, &seconds, found, 8);
    put(message + 2, count ? 0x8180 : 0x8183, 2); /* NXDOMAIN */
    put(message + 6, (uint32_t)(wants_a ? count : 0), 2);
    put(message + 8, 0, 4);
    for (size_t i = 0; wants_a && i < count; i++) {
        at += put(message + at, 0xc00c, 2); /* the question's name */
        at += put(message + at, 1, 2);
        at += put(message + at, 1, 2);
        at += put(message + at, seconds, 4);
        at += put(message + at, 4, 2);
        at += put(message + at, ntohl(found[i].s_addr), 4);
    }
    sendto(fd, message, at, 0, (const struct sockaddr *)&from, length);
}

/* A process that answers on these ports for ever, in the namespace or here; `ready` is closed when it does.
 */
static pid_t serve(bool inside, const unsigned int *ports, size_t count) {
    int ready[2];
    assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid > 0) {
        char byte;
        close(ready[1]);
        assert_int_equal(read(ready[0], &byte, 1), 1);
        close(ready[0]);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (inside && setns(open("/run/netns/" NAMESPACE, O_RDONLY | O_CLOEXEC), CLONE_NEWNET) < 0)
        _exit(97);
    struct pollfd fds[8];
    for (size_t i = 0; i < count; i++)
        fds[i] = (struct pollfd){listen_on(ports[i]), POLLIN, 0};
    size_t servers = inside ? 2 : 0;
    for (size_t i = 0; i < servers; i++)
        fds[count + i] = (struct pollfd){name_server(i ? WORLD_SECOND : WORLD_PUBLIC), POLLIN, 0};
    (void)!write(ready[1], ".", 1);
    for (;;) {
        poll(fds, count + servers, -1);
        for (size_t i = 0; i < count; i++)
            if (fds[i].revents) {
                int peer = accept(fds[i].fd, NULL, NULL);
                (void)!write(peer, "hello\n", 6);
                close(peer);
            }
        for (size_t i = count; i < count + servers; i++)
            if (fds[i].revents)
                answer_dns(fds[i].fd);
    }
}

void internet_open(void) {
    static const unsigned int there[] = {80, 443, 8080}, here[] = {WORLD_PORT};
    internet.lock = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(internet.lock >= 0 && flock(internet.lock, LOCK_EX) == 0);
    ip("netns delete " NAMESPACE " 2>/dev/null", false); /* of one that was killed */
    ip("netns add " NAMESPACE, true);
    ip("link add berthworld type veth peer name world netns " NAMESPACE, true);
    ip("addr add " WORLD_OWN "/24 dev berthworld", true);
    ip("addr add 10.250.0.1/24 dev berthworld", true);
    ip("addr add 169.254.169.1/24 dev berthworld", true);
    ip("link set berthworld up", true);
    ip("-n " NAMESPACE " addr add " WORLD_PUBLIC "/24 dev world", true);
    ip("-n " NAMESPACE " addr add " WORLD_SECOND "/24 dev world", true);
    ip("-n " NAMESPACE " addr add " WORLD_PRIVATE "/24 dev world", true);
    ip("-n " NAMESPACE " addr add " WORLD_METADATA "/24 dev world", true);
    ip("-n " NAMESPACE " link set world up", true);
    ip("-n " NAMESPACE " link set lo up", true);
    internet.names = str_printf("%s/names", getenv("BERTH_DEV_DIR"));
    internet.resolver = str_printf("%s/resolv.conf", getenv("BERTH_DEV_DIR"));
    internet_names("");
    _cleanup_fclose_ FILE *out = fopen(internet.resolver, "we");
    assert_non_null(out);
    fputs("nameserver " WORLD_PUBLIC "\noptions timeout:1 attempts:2\n", out);
    internet.inside = serve(true, there, array_length(there));
    internet.here = serve(false, here, array_length(here));
}

static void end(pid_t pid) {
    if (pid > 0 && kill(pid, SIGKILL) == 0)
        waitpid(pid, NULL, 0);
}

void internet_close(void) {
    end(internet.inside);
    end(internet.here);
    ip("link delete berthworld 2>/dev/null", false);
    ip("netns delete " NAMESPACE " 2>/dev/null", false);
    free(internet.names);
    free(internet.resolver);
    close(internet.lock);
}

const char *internet_resolver(void) {
    return internet.resolver;
}

void internet_names(const char *lines) {
    _cleanup_free_ char *next = str_printf("%s.next", internet.names);
    FILE *out = fopen(next, "we");
    assert_non_null(out);
    fputs(lines, out);
    fclose(out);
    assert_int_equal(rename(next, internet.names), 0);
}
