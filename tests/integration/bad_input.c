/* What bad input gets: one clear line, hints, the right status, and no instance left behind. */
#include "tests/harness/harness.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define SMALL "--image", "berth-small"

/* The first line is berth's error, and it is one line; the rest are hints, and the usage. */
static void check_form(const struct result *result) {
    assert_true(strncmp(result->err, "berth: ", 7) == 0);
    _cleanup_free_ char *copy = str_copy(result->err);
    char *rest = copy;
    strsep(&rest, "\n");
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line && strncmp(line, "hint: ", 6) != 0 && strncmp(line, "berth: ", 7) != 0 &&
            strncmp(line, "Usage: ", 7) != 0)
            fail_msg("neither error nor hint: %s", line);
    assert_string_equal(result->out, "");
}

static void check(int status, const char *words, const char *workspace, const char *flag,
                  const char *value) {
    struct how how = {.uid = 1001, .gid = 1001};
    _result_ result = berth(&how, "run", SMALL, "-w", workspace, flag, value, "--", "true", NULL);
    assert_status(result, status);
    assert_has(result.err, words);
    check_form(&result);
}

static void check_workspace(int status, const char *words, const char *workspace) {
    check(status, words, workspace, "--slot", "0");
}

static void test_workspaces(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001), *file = str_printf("%s/file", folder),
                        *link = str_printf("%s/link", folder), *gone = str_printf("%s/gone", folder);
    close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
    assert_int_equal(symlink("/etc", link), 0);
    check_workspace(1, "No such file or directory", gone);
    check_workspace(1, "is not a directory", file);
    check_workspace(2, "the path is empty", "");
    check_workspace(4, "workspace /etc is a system directory", link);
    static const char *const system[] = {
        "/",    "/etc",  "/etc/ssl", "/usr",  "/usr/share",  "/proc", "/proc/self", "/sys", "/dev",
        "/bin", "/boot", "/var",     "/home", "/usr/../etc", "//",    "/run",       "/lib"};
    for (size_t i = 0; i < array_length(system); i++)
        check_workspace(4, "is a system directory", system[i]);
    assert_no_containers();
}

static void test_flags(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    check(2, "must be 0 to 10", folder, "--slot", "11");
    check(2, "must be 0 to 10", folder, "--slot", "-1");
    check(2, "must be 0 to 10", folder, "--slot", "one");
    check(2, "is not HOST:CONTAINER", folder, "--mount", "/tmp");
    check(2, "/workspace/x and /workspace overlap", folder, "--mount", "/tmp:/workspace/x");
    check(4, "--mount /etc is a system directory", folder, "--mount", "/etc:/e");
    check(2, "a variable is letters", folder, "-e", "1=2");
    check(2, "a variable is letters", folder, "-e", "=x");
    check(2, "not set here", folder, "-e", "NOT_SET_ANYWHERE");
    check(2, "--memory: \"lots\" is not a size", folder, "--memory", "lots");
    check(2, "--cpu: \"0\" is not", folder, "--cpu", "0");
    check(2, "a number of seconds above 0", folder, "--timeout", "0");
    check(1, "image \"nope\" not found", folder, "--image", "nope");
    check(2, "unknown flag: --frob", folder, "--frob", "x");
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ images = berth(&how, "run", "--image", "nope", "--", "true", NULL);
    assert_has(images.err, "hint: images here: berth-small, coi");
    _result_ twice =
        berth(&how, "run", SMALL, "--mount", "/tmp:/a", "--mount", "/tmp:/a/b", "--", "true", NULL);
    assert_status(twice, 2);
    _result_ nothing = berth(&how, "run", SMALL, NULL);
    assert_status(nothing, 2);
    _result_ unknown = berth(&how, "rnu", NULL);
    assert_status(unknown, 2);
    _result_ format = berth(&how, "list", "--format", "yaml", NULL);
    assert_status(format, 2);
    assert_has(format.err, "yaml");
    _result_ project = berth(&how, "run", SMALL, "--project", "nowhere", "--", "true", NULL);
    assert_status(project, 1);
    assert_has(project.err, "project \"nowhere\" not found");
    _result_ pool = berth(&(struct how){.uid = 1001,
                                        .gid = 1001,
                                        .cwd = folder,
                                        .variables = (const char *const[]){"BERTH_STORAGE_POOL=no", NULL}},
                          "run", SMALL, "--", "true", NULL);
    assert_status(pool, 1);
    assert_has(pool.err, "Storage pool not found");
    assert_no_containers();
}

static void test_no_such_command(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ missing = berth(&how, "run", SMALL, "--", "no such command", NULL);
    assert_status(missing, 127);
    assert_has(missing.err, "no such command: command not found in the container");
    _result_ plain = berth(&how, "run", SMALL, "--", "/etc/passwd", NULL);
    assert_status(plain, 126);
    assert_no_containers();
}

/* uid 4243 is delegated nowhere: both lines are named, and nothing is made. */
static void test_not_delegated(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 4243, 4243);
    struct how how = {.uid = 4243, .gid = 4243, .cwd = folder};
    _result_ result = berth(&how, "run", SMALL, "--", "true", NULL);
    assert_status(result, 4);
    assert_has(result.err, "hint: echo root:4243:1 | sudo tee -a /etc/subuid");
    assert_has(result.err, "hint: echo root:4243:1 | sudo tee -a /etc/subgid");
    check_form(&result);
    _result_ shown = berth(&how, "idmap", NULL);
    assert_status(shown, 1);
    assert_has(shown.out, "method      refused");
    _result_ dry = berth(&how, "run", SMALL, "--dry-run", "--", "true", NULL);
    assert_status(dry, 4);
    assert_no_containers();
}

/* The group alone is not delegated: it runs, the group shows as nogroup, and that is said. */
static void test_group_not_delegated(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 4243);
    struct how how = {.uid = 1001, .gid = 4243, .cwd = folder};
    _result_ result = berth(&how, "run", SMALL, "--", "sh", "-c", "touch f; stat -c %u:%g .", NULL);
    assert_status(result, 0);
    assert_string_equal(result.out, "1000:65534\n");
    assert_has(result.err, "host gid 4243 is not delegated");
    _cleanup_free_ char *owner = file_owner(folder, "f");
    assert_true(str_starts(owner, "1001:"));
}

static void test_root(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 0, 0);
    struct how how = {.cwd = folder};
    _result_ result = berth(&how, "run", SMALL, "--", "true", NULL);
    assert_status(result, 4);
    assert_has(result.err, "host root is never mapped");
    _result_ json = berth(&how, "idmap", "--format", "json", NULL);
    assert_status(json, 1);
    assert_has(json.out, "\"host-root\"");
    static const char *const variables[] = {"BERTH_CODE_UID=0", NULL};
    struct how code = {.uid = 1001, .gid = 1001, .cwd = folder, .variables = variables};
    _result_ inside = berth(&code, "run", SMALL, "--", "true", NULL);
    assert_status(inside, 4);
    assert_has(inside.err, "code_uid is 0");
    assert_no_containers();
}

/* Somebody else's workspace: it runs, and that code cannot write is said before. */
static void test_not_ours(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 0, 0);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ result = berth(&how, "run", SMALL, "--", "touch", "f", NULL);
    assert_status(result, 1);
    assert_has(result.err, "code will not be able to write to the workspace (owner 0:0, mode 0755)");
    assert_false(file_exists(folder, "f"));
}

static void test_names(void **state) {
    (void)state;
    static const char *const names[] = {"with space",      "quo'te\"s",   "new\nline", "wörk-日本", "-dash",
                                        "semi;colon $(x)", "back\\slash", "a:b,c=d",   "%s%n",      "..."};
    _cleanup_free_ char *base = new_folder("", 1001, 1001);
    for (size_t i = 0; i < array_length(names); i++) {
        _cleanup_free_ char *folder = str_printf("%s/%s", base, names[i]);
        assert_int_equal(mkdir(folder, 0755) | chown(folder, 1001, 1001), 0);
        struct how how = {.uid = 1001, .gid = 1001};
        _result_ result = berth(&how, "run", SMALL, "-w", folder, "-e", "V=a b'\"\n$(x)", "--", "sh", "-c",
                                "printf %s \"$V\" > \"$1\"; ls", "sh", names[i], NULL);
        assert_status(result, 0);
        _cleanup_free_ char *owner = file_owner(folder, names[i]),
                            *path = str_printf("%s/%s", folder, names[i]);
        assert_string_equal(owner, "1001:1001");
        struct stat info;
        assert_int_equal(stat(path, &info), 0);
        assert_int_equal(info.st_size, strlen("a b'\"\n$(x)"));
        _result_ list = berth(&how, "idmap", folder, "--format", "json", NULL);
        _cleanup_json_ json_t *json = json_loads(list.out, 0, NULL);
        assert_string_equal(json_str_at(json, "workspace"), folder);
    }
}

static void test_not_utf8(void **state) {
    (void)state;
    _cleanup_free_ char *base = new_folder("", 1001, 1001), *folder = str_printf("%s/\xff\xfe", base);
    assert_int_equal(mkdir(folder, 0755), 0);
    check_workspace(2, "the path is not valid UTF-8", folder);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = base};
    _result_ result = berth(&how, "run", SMALL, "--", "echo", "\xff", NULL);
    assert_status(result, 2);
    assert_no_containers();
}

static void test_slots(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ first = berth(&how, "run", SMALL, "--persistent", "--slot", "3", "--", "true", NULL);
    assert_status(first, 0);
    _result_ taken = berth(&how, "run", SMALL, "--slot", "3", "--", "true", NULL);
    assert_status(taken, 1);
    assert_has(taken.err, "slot 3 of");
    assert_has(taken.err, "is taken by");
    _result_ next = berth(&how, "run", SMALL, "--dry-run", "--", "true", NULL);
    assert_status(next, 0);
    _cleanup_json_ json_t *plan = json_loads(next.out, 0, NULL);
    assert_string_equal(json_get_str(json_at(plan, "config"), "user.berth.slot"), "1");
    remove_containers();
}

/* Six at one moment: six slots, six files. */
static void test_slot_race(void **state) {
    (void)state;
    struct child children[20]; /* more than sessions have slots */
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    char *argv[] = {
        "berth", "run", "--image", "berth-small",
        "--",    "sh",  "-c",      "touch $(hostname); while [ $(ls | wc -l) -lt 20 ]; do sleep 0.05; done",
        NULL};
    for (size_t i = 0; i < array_length(children); i++)
        children[i] = berth_start(&how, argv);
    for (size_t i = 0; i < array_length(children); i++) {
        _result_ result = child_wait(&children[i]);
        assert_status(result, 0);
    }
    _result_ files = berth(&how, "run", SMALL, "--", "sh", "-c", "ls | wc -l", NULL);
    assert_string_equal(files.out, "20\n");
}

/* The workspace's disk is full: the command hears of it, berth does not stumble. */
static void test_full_disk(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    assert_int_equal(mount("tmpfs", folder, "tmpfs", 0, "size=64k,uid=1001,gid=1001,mode=755"), 0);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ result =
        berth(&how, "run", SMALL, "--", "sh", "-c", "dd if=/dev/zero of=big bs=1k count=200", NULL);
    assert_int_equal(umount2(folder, MNT_DETACH), 0);
    assert_status(result, 1);
    assert_has(result.err, "No space left on device");
    assert_no_containers();
}

/* Output that cannot be written is an error, not a silence. */
static void test_full_output(void **state) {
    (void)state;
    static const char *const commands[] = {"version", "help", "config", "idmap", "list"};
    for (size_t i = 0; i < array_length(commands); i++) {
        _cleanup_free_ char *line = str_printf("exec \"$BERTH\" %s >/dev/full", commands[i]);
        char *argv[] = {"sh", "-c", line, NULL};
        int status = 0;
        pid_t pid = fork();
        if (pid == 0) {
            int null = open("/dev/null", O_WRONLY);
            dup2(null, 2);
            assert_int_equal(chdir("/tmp"), 0);
            execv("/bin/sh", argv);
            _exit(99);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    }
}

static void test_config_mistake(void **state) {
    (void)state;
    _cleanup_free_ char *base = new_folder("", 0, 0), *folder = str_printf("%s/berth", base),
                        *file = str_printf("%s/config.ini", folder),
                        *variable = str_printf("XDG_CONFIG_HOME=%s", base);
    const char *const variables[] = {variable, NULL};
    assert_int_equal(mkdir(folder, 0755), 0);
    FILE *out = fopen(file, "w");
    fprintf(out, "[container]\nimage = berth-small\n[limits]\nmemory = lots\n");
    fclose(out);
    struct how how = {.variables = variables};
    _result_ result = berth(&how, "config", NULL);
    assert_status(result, 2);
    assert_has(result.err, "config.ini:4: memory: \"lots\" is not a size");
    out = fopen(file, "w");
    fprintf(out, "[container]\nimage = berth-small\n");
    fclose(out);
    _result_ good = berth(&how, "config", NULL);
    assert_status(good, 0);
    assert_has(good.out, "config.ini:2");
    _result_ flag = berth(&how, "--image", "other", "config", NULL);
    assert_has(flag.out, "image = other                    # --image");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        live_test(test_workspaces),
        live_test(test_flags),
        live_test(test_no_such_command),
        live_test(test_not_delegated),
        live_test(test_group_not_delegated),
        live_test(test_root),
        live_test(test_not_ours),
        live_test(test_names),
        live_test(test_not_utf8),
        live_test(test_slots),
        live_test(test_slot_race),
        live_test(test_full_disk),
        live_test(test_full_output),
        live_test(test_config_mistake),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
