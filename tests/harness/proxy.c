#include "tests/harness/proxy.h"

#include "tests/harness/harness.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

static struct sockaddr_un address(const char *path) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    return name;
}

static int connect_to(const char *path) {
    struct sockaddr_un name = address(path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof name) < 0)
        _exit(1);
    return fd;
}

static bool pass(int from, int to, const char *trigger, bool *triggered) {
    char bytes[65536];
    ssize_t got = read(from, bytes, sizeof bytes);
    if (got <= 0)
        return false;
    *triggered = trigger && memmem(bytes, (size_t)got, trigger, strlen(trigger));
    for (ssize_t at = 0; at < got;) {
        ssize_t written = write(to, bytes + at, (size_t)(got - at));
        if (written <= 0)
            return false;
        at += written;
    }
    return true;
}

/* One connection; ends with 7 if the trigger was seen. */
static void serve(int client, const char *target, const char *trigger) {
    int server = connect_to(target);
    struct pollfd both[] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    for (;;) {
        bool triggered = false, ignored;
        poll(both, 2, -1);
        if (both[0].revents && !pass(client, server, trigger, &triggered))
            _exit(0);
        if (triggered) {
            usleep(20000); /* let the daemon take it up before the line goes dead */
            _exit(7);
        }
        if (both[1].revents && !pass(server, client, NULL, &ignored))
            _exit(0);
    }
}

static void accept_all(int listener, const char *path, const char *target, const char *trigger,
                       enum proxy_then then) {
    for (;;) {
        struct pollfd now = {.fd = listener, .events = POLLIN};
        int status;
        pid_t child;
        while ((child = waitpid(-1, &status, WNOHANG)) > 0) {
            if (!WIFEXITED(status) || WEXITSTATUS(status) != 7)
                continue;
            trigger = NULL; /* once */
            if (then == PROXY_GONE) {
                unlink(path);
                kill(0, SIGKILL); /* the process group: every connection with it */
            }
        }
        if (poll(&now, 1, 5) <= 0)
            continue;
        int client = accept(listener, NULL, NULL);
        if (fork() == 0)
            serve(client, target, trigger);
        close(client);
    }
}

static void answer_all(int listener, const char *answer) {
    for (;;) {
        char bytes[65536];
        int client = accept(listener, NULL, NULL);
        ssize_t got = read(client, bytes, sizeof bytes);
        if (got > 0 && write(client, answer, strlen(answer)) < 0)
            _exit(1);
        close(client);
    }
}

static int listen_at(struct proxy *proxy) {
    static unsigned int number;
    proxy->path = str_printf("%s/proxy-%d-%u", getenv("BERTH_DEV_DIR"), (int)getpid(), number++);
    struct sockaddr_un name = address(proxy->path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(chmod(proxy->path, 0666), 0);
    assert_int_equal(listen(fd, 50), 0);
    return fd;
}

static void become_group(void) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

struct proxy proxy_start(const char *target, const char *trigger, enum proxy_then then) {
    struct proxy proxy = {0};
    int listener = listen_at(&proxy);
    proxy.pid = fork();
    if (proxy.pid == 0) {
        become_group();
        accept_all(listener, proxy.path, target, trigger, then);
    }
    setpgid(proxy.pid, proxy.pid);
    close(listener);
    return proxy;
}

struct proxy proxy_fake(const char *answer) {
    struct proxy proxy = {0};
    int listener = listen_at(&proxy);
    proxy.pid = fork();
    if (proxy.pid == 0) {
        become_group();
        answer_all(listener, answer);
    }
    setpgid(proxy.pid, proxy.pid);
    close(listener);
    return proxy;
}

void proxy_stop(struct proxy *proxy) {
    kill(-proxy->pid, SIGKILL);
    waitpid(proxy->pid, NULL, 0);
    unlink(proxy->path);
    free(proxy->path);
}
