/*
 * Standby containers (launch/standby.h): a run that takes one is a run like any other, and one is taken
 * once.
 */
#include "launch/standby.h"
#include "tests/harness/attack.h"
#include "tests/harness/world.h"

#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL "--image", "berth-small"

static void with_standby(const char *variable) {
    world.variables[1] = variable;
}

static struct result fill(const char *first, const char *second) {
    return first ? berth(&world.how, "standby", "fill", first, second, NULL)
                 : berth(&world.how, "standby", "fill", NULL);
}

static int setup(void **state) {
    world_setup(state);
    with_standby("BERTH_STANDBY=1");
    return 0;
}

static int teardown(void **state) {
    with_standby("BERTH_STANDBY=1");
    _result_ cleared = berth(&world.how, "standby", "clear", NULL);
    with_standby(NULL);
    return world_teardown(state);
}

/* The names of those that wait, one to a line. Caller owns. */
static char *waiting(void) {
    _result_ list = berth(&world.how, "standby", "list", "--format", "json", NULL);
    _cleanup_(error_done) struct error err = {0};
    _cleanup_json_ json_t *json = json_parse(list.out, strlen(list.out), "the list", &err);
    _cleanup_(strings_done) struct strings names = {0};
    size_t index;
    const json_t *row;
    json_array_foreach(json_at(json, "standby_containers"), index, row) {
        strings_add(&names, json_str_at(row, "name"));
    }
    return strings_join(&names, "\n");
}

/* Waits for `count` to be ready. */
static void await_waiting(size_t count) {
    for (int i = 0; i < 100; i++) {
        _result_ list = berth(&world.how, "standby", "list", NULL);
        size_t ready = 0;
        for (const char *at = list.out; (at = strstr(at, " (ready)")); at++)
            ready++;
        if (ready == count && !strstr(list.out, " (st"))
            return;
        if (i == 99)
            fail_msg("there are not %zu standby containers: %s%s", count, list.out, list.err);
        usleep(100000);
    }
}

/* It has what a run of the same flags has without: ids, variables, limits, mounts, streams and status. */
static void test_run(void **state) {
    (void)state;
    _result_ filled = fill(SMALL);
    assert_status(filled, 0);
    assert_string_equal(filled.out, "Made 1 standby container(s)\n");
    _cleanup_free_ char *name = waiting(), *data = world_folder("data"),
                        *mount = str_printf("%s:/data:ro", data);
    char *argv[] = {"berth",
                    "run",
                    "-q",
                    SMALL,
                    "-e",
                    "WORD=it is",
                    "--memory",
                    "300MiB",
                    "--mount",
                    mount,
                    "--",
                    "sh",
                    "-c",
                    "(hostname; id -u; pwd; env | sort; touch /data/x) >made 2>&1; "
                    "echo begun; while [ ! -e go ]; do sleep 0.1; done; exit 7",
                    NULL};
    struct child child = berth_start(&world.how, argv);
    child_expect(&child, "begun\n");
    _result_ listed = berth(&world.how, "list", NULL);
    _cleanup_free_ char *line = str_printf("  %s (ephemeral)\n", name),
                        *where = str_printf("Workspace: %s\n", world.folder);
    assert_has(listed.out, line);
    assert_has(listed.out, where);
    _result_ memory = incus_command("config", "get", name, "limits.memory", NULL);
    assert_string_equal(memory.out, "300MiB\n");
    _result_ idle = incus_command("config", "get", name, "limits.cpu.allowance", NULL);
    assert_string_equal(idle.out, "\n");
    _cleanup_free_ char *go = str_printf("%s/go", world.folder);
    write_file(go, 0644, "");
    _result_ ended = child_wait(&child);
    assert_status(ended, 7);
    _cleanup_free_ char *file = str_printf("%s/made", world.folder), *made = read_file(file);
    assert_has(made, name);
    assert_has(made, "\n1000\n/workspace\n");
    assert_has(made, "WORD=it is\n");
    assert_has(made, "PWD=/workspace\n");
    assert_has_not(made, "OLDPWD");
    assert_has_not(made, "BERTH_");
    assert_has(made, "Read-only file system");
    _cleanup_free_ char *owner = file_owner(world.folder, "made");
    assert_string_equal(owner, "1001:1001");
    await_waiting(1); /* another one */
    _cleanup_free_ char *next = waiting();
    assert_string_not_equal(next, name);
}

/* The same variables as without one, to the letter. */
static void test_same_environment(void **state) {
    (void)state;
    _result_ filled = fill(SMALL);
    _result_ warm = berth(&world.how, "run", "-q", SMALL, "--", "sh", "-c", "env | sort; ls -A; id", NULL);
    _result_ cold =
        berth(&world.how, "run", "-q", SMALL, "--cold", "--", "sh", "-c", "env | sort; ls -A; id", NULL);
    assert_status(warm, 0);
    assert_string_equal(warm.out, cold.out);
    struct how input = world.how;
    input.input = "in\n";
    _result_ read = berth(&input, "run", "-q", SMALL, "--", "cat", NULL);
    assert_string_equal(read.out, "in\n");
    await_waiting(1);
    _result_ captured =
        berth(&world.how, "run", "--capture", SMALL, "--", "sh", "-c", "hostname; exit 3", NULL);
    assert_has(captured.out, "\"exit_code\": 3");
    _result_ nothing = berth(&world.how, "run", "-q", SMALL, "--", "no-such-command", NULL);
    assert_status(nothing, 127);
}

/* Each is used once, however many want it at one moment. */
static void test_once(void **state) {
    (void)state;
    with_standby("BERTH_STANDBY=2");
    _result_ filled = fill(SMALL);
    char *argv[] = {"berth", "run", "-q", SMALL,
                    "--",    "sh",  "-c", "[ ! -e /tmp/mark ] || exit 9; touch /tmp/mark; hostname",
                    NULL};
    _cleanup_(strings_done) struct strings hosts = {0};
    for (int round = 0; round < 3; round++) {
        struct child children[6];
        for (size_t i = 0; i < array_length(children); i++)
            children[i] = berth_start(&world.how, argv);
        strings_done(&hosts);
        for (size_t i = 0; i < array_length(children); i++) {
            _result_ result = child_wait(&children[i]);
            assert_status(result, 0);
            assert_false(strings_has(&hosts, result.out));
            strings_add(&hosts, result.out);
        }
    }
    await_waiting(2);
    _result_ list = berth(&world.how, "list", NULL);
    for (int i = 0; i < 100 && !strstr(list.out, "(none)"); i++) {
        usleep(100000);
        result_done(&list);
        list = berth(&world.how, "list", NULL);
    }
    assert_has(list.out, "  (none)\n");
}

/* What is said of a run that takes none. */
static void check_why(const char *why, const char *first, const char *second) {
    _result_ dry = second ? berth(&world.how, "run", "--dry-run", SMALL, first, second, "--", "true", NULL)
                          : berth(&world.how, "run", "--dry-run", SMALL, first, "--", "true", NULL);
    assert_status(dry, 0);
    assert_has(dry.out, why);
}

static void test_dry_run(void **state) {
    (void)state;
    check_why("\"why_not\": \"none is ready\"", "-q", NULL);
    _result_ filled = fill(SMALL);
    _cleanup_free_ char *name = waiting(),
                        *which = str_printf("\"name\": \"%s\",\n    \"why_not\": null", name);
    check_why(which, "-q", NULL);
    check_why(which, "--memory", "1GiB");
    check_why("\"why_not\": \"--cold\"", "--cold", NULL);
    check_why("--slot names a container", "--slot", "3");
    check_why("a persistent container is made for its workspace", "--persistent", NULL);
    check_why("none is ready", "--network", "none");
    with_standby("BERTH_STANDBY=0");
    check_why("[container] standby is 0", "-q", NULL);
    _result_ refused = fill(SMALL);
    assert_status(refused, 2);
    assert_has(refused.err, "[container] standby is 0");
    with_standby("BERTH_STANDBY=1");
    _cleanup_free_ char *after = waiting();
    assert_string_equal(after, name); /* nothing was taken */
    _result_ session = berth(&world.how, "shell", "--background", "--image", "coi", NULL);
    assert_status(session, 0);
    _cleanup_free_ char *slot = world_slot(1), *line = str_printf("%s\n", slot);
    assert_string_equal(session.out, line);
}

/* A flag's kind is used where it is there, and made when told to, but no run begins it. */
static void test_kinds(void **state) {
    (void)state;
    _result_ once = berth(&world.how, "run", "-q", SMALL, "--", "true", NULL);
    usleep(500000);
    _cleanup_free_ char *none = waiting();
    assert_string_equal(none, "");
    world.variables[2] = "BERTH_IMAGE=berth-small";
    _result_ begun = berth(&world.how, "run", "-q", "--", "true", NULL);
    await_waiting(1);
    _cleanup_free_ char *first = waiting();
    _result_ none_mode = fill("--network", "none");
    assert_string_equal(none_mode.out, "Made 1 standby container(s)\n");
    await_waiting(2);
    _result_ links = berth(&world.how, "run", "-q", "--network", "none", "--", "sh", "-c",
                           "hostname; ls /sys/class/net", NULL);
    world.variables[2] = NULL;
    assert_has_not(links.out, first);
    assert_has(links.out, "lo\n");
    assert_has_not(links.out, "eth0");
}

/* What no run would take goes: with the next run, or by `clean`. */
static void test_stale(void **state) {
    (void)state;
    static const char *const keys[] = {"user.berth.version=0.0.0", "user.berth.standby.daemon=1"};
    for (size_t i = 0; i < array_length(keys); i++) {
        _result_ filled = fill(SMALL);
        _cleanup_free_ char *name = waiting(), *key = str_copy_n(keys[i], strcspn(keys[i], "="));
        _result_ set = incus_command("config", "set", name, key, strchr(keys[i], '=') + 1, NULL);
        _result_ listed = berth(&world.how, "standby", "list", NULL);
        assert_has(listed.out, "(stale: ");
        if (i == 0) {
            _result_ run = berth(&world.how, "run", "-q", SMALL, "--", "hostname", NULL);
            assert_has_not(run.out, name);
        } else {
            _result_ cleaned = berth(&world.how, "clean", NULL);
            assert_has(cleaned.err, "1 standby container removed: no run would take it");
        }
        for (int j = 0; j < 100; j++) {
            _cleanup_free_ char *names = containers();
            if (!strstr(names, name))
                break;
            assert_int_not_equal(j, 99);
            usleep(100000);
        }
    }
}

/* The file says something else: the old ones go with the next run, and new ones come. */
static void test_settings(void **state) {
    (void)state;
    _cleanup_free_ char *folder = str_printf("%s/.config/berth", world.home),
                        *file = str_printf("%s/config.ini", folder),
                        *line = str_printf("mkdir -p '%s'", folder);
    _cleanup_free_ char *config = str_printf("XDG_CONFIG_HOME=%s/.config", world.home);
    with_standby(config);
    assert_int_equal(system(line), 0);
    write_file(file, 0644, "[container]\nimage = berth-small\nstandby = 2\n[profile bare]\nmode = none\n");
    _result_ first = berth(&world.how, "run", "-q", "--", "true", NULL);
    assert_status(first, 0);
    await_waiting(2);
    _result_ profile = berth(&world.how, "run", "-q", "--profile", "bare", "--", "true", NULL);
    await_waiting(4); /* each has its own */
    write_file(file, 0644, "[container]\nimage = berth-small\nstandby = 1\n[profile bare]\nmode = none\n");
    _result_ second = berth(&world.how, "run", "-q", "--", "true", NULL);
    assert_status(second, 0);
    _result_ other = berth(&world.how, "run", "-q", "--profile", "bare", "--", "true", NULL);
    assert_status(other, 0);
    await_waiting(2);
    _result_ third = berth(&world.how, "run", "-q", "--", "hostname", NULL);
    assert_has(third.out, "-1");
    unlink(file);
    with_standby(NULL);
}

/* Another image under the same name. */
static void test_image(void **state) {
    (void)state;
    _result_ small = incus_command("image", "list", "berth-small", "-f", "csv", "-c", "F", NULL);
    _result_ large = incus_command("image", "list", "coi", "-f", "csv", "-c", "F", NULL);
    small.out[strcspn(small.out, "\n")] = large.out[strcspn(large.out, "\n")] = 0;
    _result_ made = incus_command("image", "alias", "create", "moving", small.out, NULL);
    _result_ filled = fill("--image", "moving");
    _cleanup_free_ char *name = waiting();
    _result_ removed = incus_command("image", "alias", "delete", "moving", NULL);
    _result_ again = incus_command("image", "alias", "create", "moving", large.out, NULL);
    _result_ run = berth(&world.how, "run", "-q", "--image", "moving", "--", "sh", "-c",
                         "hostname; cat /etc/os-release", NULL);
    _result_ deleted = incus_command("image", "alias", "delete", "moving", NULL);
    assert_status(run, 0);
    assert_has(run.out, "Debian");
    assert_has_not(run.out, name);
    await_waiting(0);
}

/* The guard is in force before the command begins, as in a container that was made for it. */
static void test_guard(void **state) {
    static const char *const none[] = {NULL};
    enum outcome outcomes[64];
    (void)state;
    setenv("BERTH_STANDBY", "2", 1);
    setenv("BERTH_IMAGE", "coi", 1);
    struct how how = {.uid = 1001, .gid = 1001};
    _cleanup_free_ char *workspace = attack_workspace("", 1001, 1001);
    how.cwd = workspace;
    _result_ filled = berth(&how, "standby", "fill", NULL);
    assert_status(filled, 0);
    _result_ first = berth(&how, "run", "-q", "--", "sh", "-c",
                           "hostname; grep -c workspace /proc/self/mountinfo", NULL);
    assert_has(first.out, "-1");
    how.cwd = NULL;
    attack_all(&how, workspace, "code", none, outcomes);
    for (size_t i = 0; i < attack_count; i++) {
        print_message("# %-30s %s\n", attacks[i].name, outcome_names[outcomes[i]]);
        assert_int_equal(outcomes[i], OUTCOME_HELD);
    }
    how.cwd = workspace;
    _result_ cleared = berth(&how, "standby", "clear", NULL);
    unsetenv("BERTH_STANDBY");
    unsetenv("BERTH_IMAGE");
}

/* Secrets are covered, and a linked worktree has its repository, in a container that ran before. */
static void test_covered(void **state) {
    (void)state;
    _cleanup_free_ char *line =
        str_printf("cd '%s' && git init -q . && git -c user.name=x -c user.email=x commit "
                   "-q --allow-empty -m a && echo secret >.env && mkdir keys && "
                   "echo key >keys/a && git worktree add -q ../linked",
                   world.folder);
    _result_ made = shell_line(&world.how, line);
    assert_status(made, 0);
    world.variables[2] = "BERTH_SECRET_PATHS=.env, keys";
    _result_ filled = fill(NULL, NULL);
    assert_status(filled, 0);
    _cleanup_free_ char *name = waiting();
    _result_ run =
        berth(&world.how, "run", "-q", "--", "sh", "-c",
              "hostname; cat .env; ls keys; echo x >.env; ls -A / | grep empty; git status", NULL);
    assert_has(run.out, name);
    assert_has_not(run.out, "secret");
    assert_has_not(run.out, "\na\n");
    assert_has(run.out, "On branch");
    await_waiting(1);
    _cleanup_free_ char *linked = str_printf("%s/linked", world.home), *next = waiting();
    _result_ worktree =
        berth(&world.how, "run", "-q", "-w", linked, "--", "sh", "-c",
              "hostname; git status; touch \"$(git rev-parse --git-common-dir)/hooks/x\"", NULL);
    world.variables[2] = NULL;
    assert_has(worktree.out, next);
    assert_has(worktree.out, "On branch linked");
    assert_has(worktree.err, "Read-only file system");
}

/* One that cannot be used after all goes, and the run has another. */
static void test_unusable(void **state) {
    (void)state;
    _cleanup_free_ char *line = str_printf("cd '%s' && git init -q .", world.folder);
    _result_ made = shell_line(&world.how, line);
    _result_ filled = fill(NULL, NULL);
    _cleanup_free_ char *name = waiting();
    _result_ broken = incus_command("exec", name, "--", "rm", "/usr/bin/mount", NULL);
    _result_ run = berth(&world.how, "run", "--", "hostname", NULL);
    assert_status(run, 0);
    assert_has_not(run.out, name);
    assert_has(run.err, "a standby container could not be used: the guard could not be mounted");
}

/* A run that was killed with all of berth's processes, in a container that waited: it is removed. */
static void test_orphan(void **state) {
    (void)state;
    _result_ filled = fill(SMALL);
    _cleanup_free_ char *name = waiting();
    char *argv[] = {"berth", "run", "-q", SMALL, "--", "sh", "-c", "echo begun; sleep 1000", NULL};
    struct child child = berth_start(&world.how, argv);
    child_expect(&child, "begun\n");
    world_reapers(SIGKILL);
    kill(child.pid, SIGKILL);
    _result_ result = child_wait(&child);
    _result_ listed = berth(&world.how, "list", "--format", "json", NULL);
    assert_has(listed.out, "\"orphaned\": true");
    assert_has(listed.out, name);
    for (int i = 0; i < 100; i++) {
        _cleanup_free_ char *names = containers();
        if (!strstr(names, name))
            return;
        usleep(100000);
    }
    fail_msg("%s is still there", name);
}

/* Where the pool is short none is added, and that is said. */
static void test_short(void **state) {
    (void)state;
    _cleanup_free_ char *small = new_folder("", 0, 0), *source = str_printf("source=%s", small);
    assert_int_equal(mount("tmpfs", small, "tmpfs", 0, "size=400m"), 0); /* below 1 GiB */
    _result_ made = incus_command("storage", "create", "short", "dir", source, NULL);
    world.variables[2] = "BERTH_STORAGE_POOL=short";
    _result_ filled = fill(SMALL);
    assert_status(filled, 1);
    assert_has(filled.err, "no standby container was made: the storage pool short is nearly full");
    _result_ run = berth(&world.how, "run", "-q", SMALL, "--", "true", NULL);
    assert_status(run, 0);
    assert_no_containers();
    _result_ health = berth(&world.how, "health", NULL);
    assert_has(health.out, "1 are kept, and none is added: the storage pool short is nearly full");
    world.variables[2] = NULL;
    /* what the dir driver keeps of an image would hold the pool */
    _result_ removed = incus_command("storage", "delete", "short", NULL);
    assert_int_equal(umount2(small, MNT_DETACH), 0);
}

/* A repository beside the workspace is guarded, too, and nothing of it is seen twice. */
static void test_two_roots(void **state) {
    (void)state;
    _cleanup_free_ char *data = world_folder("data"), *mount = str_printf("%s:/data", data),
                        *line = str_printf("cd '%s' && git init -q . && cd '%s' && git init -q .", data,
                                           world.folder);
    _result_ made = shell_line(&world.how, line);
    _result_ filled = fill(SMALL);
    _cleanup_free_ char *name = waiting();
    _result_ run =
        berth(&world.how, "run", "-q", SMALL, "--mount", mount, "--", "sh", "-c",
              "hostname; echo x >/data/.git/hooks/x; echo x >.git/hooks/x; "
              "cut -d' ' -f5 /proc/self/mountinfo | grep -E '^/(data|workspace)' | sort | uniq -d",
              NULL);
    _cleanup_free_ char *only = str_printf("%s\n", name);
    assert_string_equal(run.out, only);
    assert_has(run.err, "/data/.git/hooks/x: Read-only file system");
    assert_has(run.err, " .git/hooks/x: Read-only file system");
}

static void test_commands(void **state) {
    (void)state;
    with_standby("BERTH_STANDBY=2");
    _result_ filled = fill(SMALL);
    assert_string_equal(filled.out, "Made 2 standby container(s)\n");
    _result_ again = fill(SMALL);
    assert_string_equal(again.out, "Made 0 standby container(s)\n");
    _result_ list = berth(&world.how, "list", NULL);
    assert_string_equal(list.out, "Active Containers:\n  (none)\n");
    _result_ all = berth(&world.how, "list", "--all", NULL);
    assert_has(all.out, "Standby Containers:\n");
    _result_ killed = berth(&world.how, "kill", "--all", "--force", NULL);
    _result_ cleaned = berth(&world.how, "clean", "--force", NULL);
    await_waiting(2); /* they are nobody's session, and wanted */
    _result_ cleared = berth(&world.how, "standby", "clear", NULL);
    assert_string_equal(cleared.out, "Removed 2 standby container(s)\n");
    assert_no_containers();
}

int main(void) {
#define standby_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)
    const struct CMUnitTest tests[] = {
        standby_test(test_run),       standby_test(test_same_environment),
        standby_test(test_once),      standby_test(test_dry_run),
        standby_test(test_kinds),     standby_test(test_stale),
        standby_test(test_settings),  standby_test(test_image),
        standby_test(test_guard),     standby_test(test_covered),
        standby_test(test_unusable),  standby_test(test_orphan),
        standby_test(test_commands),  standby_test(test_short),
        standby_test(test_two_roots),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
