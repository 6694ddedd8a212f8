/* A daemon that is not there, goes away, or is something else. */
#include "tests/harness/harness.h"
#include "tests/harness/proxy.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define SMALL "--image", "berth-small"

static char *folder;
static struct how how = {.uid = 1001, .gid = 1001};

static int setup(void **state) {
    group_setup(state);
    folder = new_folder("", 1001, 1001);
    how.cwd = folder;
    return 0;
}

static int teardown(void **state) {
    free(folder);
    return group_teardown(state);
}

static void check_away(const char *socket, bool no_group, const char *words, const char *hint) {
    struct how away = how;
    away.socket = socket;
    away.no_group = no_group;
    static const char *const commands[][3] = {{"list", NULL, NULL}, {"run", "--", "true"}};
    for (size_t i = 0; i < array_length(commands); i++) {
        _result_ result = berth(&away, commands[i][0], commands[i][1], commands[i][2], NULL);
        assert_status(result, 3);
        assert_has(result.err, words);
        assert_has(result.err, hint);
        assert_has(result.err, socket);
    }
}

static void test_no_socket(void **state) {
    (void)state;
    check_away("/nonexistent/unix.socket", false, "no Incus socket at", "hint: is Incus installed");
}

static void test_no_permission(void **state) {
    (void)state;
    check_away(getenv("INCUS_SOCKET"), true, "no permission for the Incus socket",
               "usermod -aG incus-admin");
}

static void test_nobody_listens(void **state) {
    (void)state;
    _cleanup_free_ char *path = str_printf("%s/dead.socket", getenv("BERTH_DEV_DIR"));
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    close(fd);
    assert_int_equal(chmod(path, 0666), 0);
    check_away(path, false, "nobody listens on the Incus socket", "systemctl start incus");
    unlink(path);
}

#define JSON_ANSWER(body)                                                                                  \
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n" body

static void test_not_an_incus(void **state) {
    (void)state;
    static const char *const answers[] = {
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>docker</html>",
        JSON_ANSWER("{\"metadata\": "),
        JSON_ANSWER("[1, 2]"),
        JSON_ANSWER(
            "{\"type\":\"sync\",\"metadata\":{\"auth\":\"trusted\",\"environment\":{\"server\":\"lxd\"}}}"),
        JSON_ANSWER("{\"type\":\"sync\",\"metadata\":{\"auth\":\"trusted\",\"environment\":7}}"),
        JSON_ANSWER("{\"type\":\"sync\",\"metadata\":{\"auth\":\"untrusted\"}}"),
        "",
        "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf",
    };
    for (size_t i = 0; i < array_length(answers); i++) {
        struct proxy proxy = proxy_fake(answers[i]);
        struct how fake = how;
        fake.socket = proxy.path;
        _result_ result = berth(&fake, "run", SMALL, "--", "true", NULL);
        proxy_stop(&proxy);
        if (result.status != 3)
            fail_msg("answer %zu: status %d: %s", i, result.status, result.err);
        assert_true(str_starts(result.err, "berth: "));
    }
}

/*
 * The line goes dead at each step of the launch, and comes back: nothing is left. A question can be
 * asked again, so that the run may even succeed; what changes things is never sent twice.
 */
static void test_cut(void **state) {
    (void)state;
    static const struct {
        const char *trigger;
        bool may_succeed;
    } steps[] = {
        {"GET /1.0?", true},                    /* before */
        {"GET /1.0/instances?recursion", true}, /* the slots */
        {"POST /1.0/instances?", false},        /* the creation */
        {"GET /1.0/operations/", true},         /* its end */
        {"PUT /1.0/instances/", true},          /* the removal, which is tried again */
        {"/exec?", false},                      /* the verification or the command */
        {"/websocket?", false},                 /* a stream of the command */
    };
    for (size_t i = 0; i < array_length(steps); i++) {
        struct proxy proxy = proxy_start(getenv("INCUS_SOCKET"), steps[i].trigger, PROXY_GOES_ON);
        struct how cut = how;
        cut.socket = proxy.path;
        _result_ result = berth(&cut, "run", SMALL, "--timeout", "20", "--", "sleep", "0.2", NULL);
        assert_no_containers(); /* what sees to it may outlive the run, and needs the line */
        proxy_stop(&proxy);
        if (result.status == 0 ? !steps[i].may_succeed : result.status != 3)
            fail_msg("cut at %s: status %d: %s", steps[i].trigger, result.status, result.err);
    }
}

/* It goes away in mid-launch and stays away: what is left is named. */
static void test_gone(void **state) {
    (void)state;
    struct proxy proxy = proxy_start(getenv("INCUS_SOCKET"), "/exec?", PROXY_GONE);
    struct how gone = how;
    gone.socket = proxy.path;
    _result_ result = berth(&gone, "run", SMALL, "--", "true", NULL);
    proxy_stop(&proxy);
    assert_status(result, 3);
    assert_has(result.err, "no Incus socket");
    assert_has(result.err, "could not be removed");
    assert_has(result.err, "hint: berth container delete --force t");
    remove_containers();
}

/* The real daemon dies while a command runs, and is started again: the container is removed. */
static void test_killed(void **state) {
    (void)state;
    char *argv[] = {"berth", "run", "--image", "berth-small", "--", "sh", "-c", "echo up; sleep 100", NULL};
    struct child child = berth_start(&how, argv);
    child_expect(&child, "up\n");
    private_daemon_kill();
    private_daemon_up();
    _result_ result = child_wait(&child);
    assert_status(result, 3);
    assert_no_containers();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        live_test(test_no_socket),    live_test(test_no_permission), live_test(test_nobody_listens),
        live_test(test_not_an_incus), live_test(test_cut),           live_test(test_gone),
        live_test(test_killed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
