#include "tests/harness/harness.h"

#include "incus/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PATIENCE_MS 20000

static char prefix[32];

/* BERTH_TEST=test_name runs that one alone, for whoever works on it. */
__attribute__((constructor)) static void choose_tests(void) {
    if (!str_empty(getenv("BERTH_TEST")))
        cmocka_set_test_filter(getenv("BERTH_TEST"));
}

static const char *need(const char *variable) {
    const char *value = getenv(variable);
    if (str_empty(value)) {
        fprintf(stderr, "%s is not set: these tests are run by tests/run\n", variable);
        exit(2);
    }
    return value;
}

void result_done(struct result *result) {
    free(result->out);
    free(result->err);
}

void check_has(const char *text, const char *part, bool wanted, const char *file, int line) {
    if ((strstr(text, part) != NULL) == wanted)
        return;
    print_error("%s \"%s\" in:\n%s\n", wanted ? "not found:" : "found:", part, text);
    _fail(file, line);
}

void check_status(const struct result *result, int wanted, const char *file, int line) {
    if (result->status == wanted)
        return;
    print_error("status %d, not %d\nstdout: %s\nstderr: %s\n", result->status, wanted, result->out,
                result->err);
    _fail(file, line);
}

static void become(const struct how *how) {
    struct group *group = getgrnam(how->member ? "incus" : "incus-admin");
    gid_t groups[] = {group ? group->gr_gid : 0};
    if (how->uid == 0)
        return;
    if (setgroups(how->no_group ? 0 : 1, groups) < 0 || setgid(how->gid) < 0 || setuid(how->uid) < 0)
        _exit(99);
    setenv("HOME", "/nonexistent", 1);
}

/* Another file as /etc/resolv.conf, seen by the child alone. */
static void use_resolver(const char *resolver) {
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_SLAVE | MS_REC, NULL) < 0 ||
        mount(resolver, "/etc/resolv.conf", NULL, MS_BIND, NULL) < 0)
        _exit(96);
}

/* Each user's own, since many of them have no home. */
static void set_state(const struct how *how) {
    const char *all = getenv("BERTH_TEST_STATE");
    if (!all)
        return;
    _cleanup_free_ char *state = str_printf("%s/%s%u", all, prefix, how->uid);
    if (mkdir(state, 0700) == 0 && chown(state, how->uid, how->gid) < 0)
        _exit(95);
    setenv("XDG_STATE_HOME", state, 1);
}

static void set_variables(const struct how *how) {
    unsetenv("SUDO_UID");
    unsetenv("SUDO_GID");
    setenv("COI_CONTAINER_PREFIX", prefix, 1);
    if (how->socket)
        setenv("INCUS_SOCKET", how->socket, 1);
    for (size_t i = 0; how->variables && how->variables[i]; i++) {
        if (strchr(how->variables[i], '='))
            putenv((char *)how->variables[i]);
        else
            unsetenv(how->variables[i]);
    }
}

void child_become(const struct how *how) {
    if (how->resolver)
        use_resolver(how->resolver);
    set_state(how);
    become(how);
    set_variables(how);
    if (chdir(how->cwd ? how->cwd : "/") < 0)
        _exit(98);
    if (how->cwd)
        setenv("PWD", how->cwd, 1);
}

static struct child start(const struct how *how, const char *program, char *const *argv) {
    int in[2], out[2], err[2];
    assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) | pipe2(err, O_CLOEXEC), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        child_become(how);
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* of a test that fails it would go on for ever */
        execvp(program, argv);
        _exit(97);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    size_t size = how->input_size ? how->input_size : how->input ? strlen(how->input) : 0;
    pid_t feeder = size ? fork() : 0;
    if (size && feeder == 0) { /* a process of its own, so that neither side waits for the other */
        for (size_t at = 0; at < size;) {
            ssize_t written = write(in[1], how->input + at, size - at);
            if (written <= 0)
                break;
            at += (size_t)written;
        }
        _exit(0);
    }
    close(in[1]);
    return (struct child){pid, feeder, out[0], err[0]};
}

static void drain(int fd, struct buffer *into) {
    char bytes[65536];
    ssize_t got = read(fd, bytes, sizeof bytes);
    if (got > 0)
        buffer_add(into, bytes, (size_t)got);
}

struct result child_wait(struct child *child) {
    struct buffer out = {0}, err = {0};
    buffer_text(&out, "");
    buffer_text(&err, "");
    struct pollfd both[] = {{.fd = child->out, .events = POLLIN}, {.fd = child->err, .events = POLLIN}};
    while (both[0].fd >= 0 || both[1].fd >= 0) {
        poll(both, 2, -1);
        for (int i = 0; i < 2; i++) {
            if (both[i].fd < 0 || !both[i].revents)
                continue;
            size_t before = out.size + err.size;
            drain(both[i].fd, i == 0 ? &out : &err);
            if (out.size + err.size == before) {
                close(both[i].fd);
                both[i].fd = -1;
            }
        }
    }
    int status = 0;
    waitpid(child->pid, &status, 0);
    if (child->feeder)
        waitpid(child->feeder, NULL, 0);
    return (struct result){.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
                           .out = out.data,
                           .out_size = out.size,
                           .err = err.data};
}

void child_expect(struct child *child, const char *text) {
    _cleanup_(buffer_done) struct buffer seen = {0};
    buffer_text(&seen, "");
    int64_t end = loop_now() + PATIENCE_MS;
    while (!strstr(seen.data, text)) {
        struct pollfd now = {.fd = child->out, .events = POLLIN};
        if (loop_now() > end || poll(&now, 1, PATIENCE_MS) <= 0)
            fail_msg("\"%s\" did not come; this did: %s", text, seen.data);
        size_t before = seen.size;
        drain(child->out, &seen);
        if (seen.size == before)
            fail_msg("ended without \"%s\"; this came: %s", text, seen.data);
    }
}

struct child berth_start(const struct how *how, char *const *arguments) {
    return start(how, need("BERTH"), arguments);
}

static struct result run_list(const struct how *how, const char *program, const char *first, va_list rest) {
    _cleanup_(strings_done) struct strings argv = {0};
    strings_add(&argv, program);
    for (const char *argument = first; argument; argument = va_arg(rest, const char *))
        strings_add(&argv, argument);
    struct child child = start(how, program, argv.items);
    return child_wait(&child);
}

struct result berth(const struct how *how, ...) {
    va_list arguments;
    va_start(arguments, how);
    const char *first = va_arg(arguments, const char *);
    struct result result = run_list(how, need("BERTH"), first, arguments);
    va_end(arguments);
    return result;
}

struct result shell_line(const struct how *how, const char *line) {
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)line, NULL};
    struct child child = start(how, "sh", argv);
    return child_wait(&child);
}

struct result incus_command(const char *first, ...) {
    va_list arguments;
    va_start(arguments, first);
    struct result result = run_list(&(struct how){0}, "incus", first, arguments);
    va_end(arguments);
    assert_status(result, 0);
    return result;
}

char *new_folder(const char *filesystem, uid_t uid, gid_t gid) {
    const char *base = need("BERTH_TEST_FS");
    char *path = str_printf("%s/%s/w.XXXXXX", base, *filesystem ? filesystem : "disk");
    if (!mkdtemp(path) || chown(path, uid, gid) < 0 || chmod(path, 0755) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    return path;
}

char *file_owner(const char *folder, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/%s", folder, name);
    struct stat info;
    if (lstat(path, &info) < 0)
        return str_copy("");
    return str_printf("%u:%u", info.st_uid, info.st_gid);
}

bool file_exists(const char *folder, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

void write_file(const char *path, mode_t mode, const char *content) {
    _cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);
    assert_true(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
}

char *read_file(const char *path) {
    char content[4096] = "";
    _cleanup_close_ int fd = open(path, O_RDONLY);
    assert_true(fd >= 0 && read(fd, content, sizeof content - 1) >= 0);
    return str_copy(content);
}

struct loop *daemon_loop(void) {
    static struct loop *loop;
    static struct error err;
    if (!loop)
        loop = loop_new(&err);
    return loop;
}

struct incus *daemon_client(void) {
    static struct incus *client;
    if (!client)
        client = incus_new_local(daemon_loop(), need("INCUS_SOCKET"), "");
    return client;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *containers(void) {
    _cleanup_(strings_done) struct strings names = {0};
    _cleanup_(error_done) struct error err = {0};
    struct buffer out = {0};
    buffer_text(&out, "");
    if (!instance_names(daemon_client(), &names, &err))
        fail_msg("%s", err.message);
    if (names.count)
        qsort(names.items, names.count, sizeof *names.items, by_text);
    for (size_t i = 0; i < names.count; i++)
        if (str_starts(names.items[i], prefix))
            buffer_printf(&out, "%s\n", names.items[i]);
    return out.data;
}

static void set_true(void *data) {
    *(bool *)data = true;
}

void assert_no_containers(void) {
    int64_t end = loop_now() + 30000;
    for (;;) {
        _cleanup_free_ char *names = containers();
        if (!*names)
            return;
        if (loop_now() > end)
            fail_msg("left behind: %s", names);
        bool over = false;
        _cleanup_(error_done) struct error err = {0};
        struct timer *timer = loop_timer(daemon_loop(), 50, set_true, &over);
        (void)timer;
        if (!loop_run(daemon_loop(), &over, &err))
            fail_msg("%s", err.message);
    }
}

void remove_containers(void) {
    _cleanup_free_ char *names = containers();
    char *rest = names;
    for (char *name; (name = strsep(&rest, "\n"));) {
        if (!*name)
            continue;
        _cleanup_(error_done) struct error ignored = {0};
        if (!instance_change(daemon_client(), name, "stop", true, -1, &ignored))
            error_done(&ignored);
        if (!instance_delete(daemon_client(), name, &ignored))
            continue; /* an ephemeral one is gone already */
    }
    assert_no_containers();
}

void private_daemon_kill(void) {
    _cleanup_free_ char *file = str_printf("%s/incusd.pid", need("BERTH_DEV_DIR"));
    _cleanup_fclose_ FILE *in = fopen(file, "r");
    int pid = 0;
    assert_non_null(in);
    assert_int_equal(fscanf(in, "%d", &pid), 1);
    assert_int_equal(kill(pid, SIGKILL), 0);
    for (int i = 0; i < 200 && kill(pid, 0) == 0; i++) /* its socket is gone with it, not before */
        usleep(10000);
}

void private_daemon_up(void) {
    int status = 1;
    pid_t pid = fork();
    if (pid == 0) {
        execl("assets/dev-incus", "dev-incus", "up", NULL);
        _exit(99);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int group_setup(void **state) {
    (void)state;
    snprintf(prefix, sizeof prefix, "t%07d-", (int)getpid());
    setenv("COI_CONTAINER_PREFIX", prefix, 1);
    return 0;
}

int group_teardown(void **state) {
    (void)state;
    remove_containers();
    incus_free(daemon_client());
    loop_free(daemon_loop());
    return 0;
}

int test_setup(void **state) {
    (void)state;
    assert_no_containers();
    return 0;
}
