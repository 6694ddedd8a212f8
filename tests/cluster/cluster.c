/* A cluster of two members on one machine: nothing happens on the other one by accident. */
#include "tests/harness/world.h"

#include "base/loop.h"

#include <string.h>

#define RUNS 6

static char *location_of(const char *name) {
    _result_ got = incus_command("list", name, "-f", "csv", "-c", "L", NULL);
    got.out[strcspn(got.out, "\n")] = 0;
    return str_copy(got.out);
}

/* The private daemon is in a cluster from here on, whose other member has another directory at our path. */
static int setup(void **state) {
    group_setup(state);
    world_setup(state);
    _cleanup_free_ char *here = str_printf("touch %s/of-nodea", world.folder),
                        *line = str_printf("tests/cluster/member up %s", world.folder);
    _result_ file = shell_line(&world.how, here);
    if (system(line) != 0)
        fail_msg("the second member did not come up");
    return 0;
}

static int teardown(void **state) {
    remove_containers();
    (void)!system("tests/cluster/member down");
    world_teardown(state);
    return group_teardown(state);
}

/* The scheduler would take the empty member. */
static void test_here(void **state) {
    (void)state;
    _result_ first = incus_command("init", "berth-small", "a-1", "--target", "nodea", NULL);
    _result_ second = incus_command("init", "berth-small", "a-2", "--target", "nodea", NULL);
    for (int i = 0; i < RUNS; i++) {
        _result_ run = berth(&world.how, "run", "--", "ls", NULL);
        assert_status(run, 0);
        assert_string_equal(run.out, "of-nodea\n");
    }
    _result_ shell = berth(&world.how, "shell", "--background", "--slot", "3", NULL);
    assert_status(shell, 0);
    _cleanup_free_ char *name = world_slot(3), *location = location_of(name);
    assert_string_equal(location, "nodea");
    _result_ list = berth(&world.how, "list", NULL);
    assert_has(list.out, "Location: nodea\n");
    _cleanup_free_ char *bare = str_printf("%sbare", getenv("COI_CONTAINER_PREFIX"));
    _result_ container = berth(&world.how, "container", "launch", "berth-small", bare, NULL);
    assert_status(container, 0);
    _cleanup_free_ char *where = location_of(bare);
    assert_string_equal(where, "nodea");
    _result_ gone = incus_command("delete", "a-1", "a-2", NULL);
}

/* What runs on the other member is waited for, and its status is its own. */
static void test_there(void **state) {
    (void)state;
    _cleanup_free_ char *name = str_printf("%sthere", getenv("COI_CONTAINER_PREFIX"));
    _result_ made = incus_command("launch", "coi", name, "--target", "nodeb", NULL);
    for (int i = 0; i < 3; i++) {
        _result_ exec = berth(&world.how, "container", "exec", name, "--", "sh", "-c",
                              "sleep 0.3; echo x; exit 7", NULL);
        assert_status(exec, 7);
        assert_string_equal(exec.out, "x\n");
    }
    _cleanup_free_ char *to = str_printf("%s:/tmp/f", name),
                        *file = str_printf("%s/of-nodea", world.folder),
                        *back = str_printf("%s/back", world.folder);
    _result_ push = berth(&world.how, "file", "push", file, to, NULL);
    _result_ pull = berth(&world.how, "file", "pull", to, back, NULL);
    assert_status(push, 0);
    assert_status(pull, 0);
    _result_ stop = berth(&world.how, "container", "stop", name, NULL);
    assert_status(stop, 0);
    _cleanup_free_ char *status = world_status(name);
    assert_string_equal(status, "STOPPED");
    _result_ start = berth(&world.how, "container", "start", name, NULL);
    assert_status(start, 0);
    _result_ delete = berth(&world.how, "container", "delete", "--force", name, NULL);
    assert_status(delete, 0);
    _cleanup_free_ char *left = world_status(name);
    assert_string_equal(left, "");
}

/* A session of the same path on the other member is not ours to go into. */
static void test_same_path(void **state) {
    (void)state;
    _cleanup_free_ char *name = world_slot(1), *key = str_printf("user.berth.workspace=%s", world.folder),
                        *source = str_printf("source=%s", world.folder);
    _result_ made =
        incus_command("init", "berth-small", name, "--target", "nodeb", "-c", "raw.idmap=both 1001 1000",
                      "-c", key, "-c", "user.berth.persistent=true", NULL);
    _result_ device = incus_command("config", "device", "add", name, "workspace", "disk", source,
                                    "path=/workspace", "shift=false", NULL);
    _result_ taken = berth(&world.how, "run", "--persistent", "--slot", "1", "--", "ls", NULL);
    assert_status(taken, 1);
    assert_has(taken.err, "on member nodeb, whose workspace is a directory there");
    _result_ next = berth(&world.how, "run", "--persistent", "--", "ls", NULL);
    assert_status(next, 0);
    assert_has(next.out, "of-nodea\n");
}

/* A line of sh's on the other member. Caller owns what it writes. */
static char *over_there(const char *line) {
    _cleanup_free_ char *whole = str_printf("tests/cluster/member in sh -c '%s'", line);
    struct buffer out = {0};
    char bytes[4096];
    FILE *pipe = popen(whole, "r");
    buffer_text(&out, "");
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, pipe));)
        buffer_add(&out, bytes, got);
    assert_int_equal(pclose(pipe), 0);
    return out.data;
}

static char *other_path(void) {
    return str_printf("nodeb:%s", world.folder);
}

/* A directory of this machine is launched nowhere else, unless all are said to have it. */
static void test_placement(void **state) {
    (void)state;
    _cleanup_free_ char *before = containers();
    _result_ refused = berth(&world.how, "--target", "nodeb", "run", "--", "ls", NULL);
    assert_status(refused, 4);
    assert_has(refused.err, "is a directory of this machine, and nodeb has its own");
    _result_ any = berth(&world.how, "--target", "auto", "run", "--", "ls", NULL);
    assert_status(any, 4);
    _result_ none = berth(&world.how, "--target", "nodec", "run", "--", "ls", NULL);
    assert_status(none, 2);
    assert_has(none.err, "nodea, nodeb");
    _cleanup_free_ char *after = containers();
    assert_string_equal(before, after);
    _result_ own = berth(&world.how, "--target", "nodea", "run", "--", "sh", "-c", "ls -d of-*", NULL);
    assert_status(own, 0);
    assert_string_equal(own.out, "of-nodea\n");

    _cleanup_free_ char *shared = str_printf("BERTH_SHARED=/x, %s", world.home);
    world.variables[1] = shared;
    _result_ other = berth(&world.how, "--target", "nodeb", "run", "--", "sh", "-c", "ls -d of-*", NULL);
    assert_status(other, 0);
    assert_string_equal(other.out, "of-nodeb\n");
    _result_ dry = berth(&world.how, "--target", "auto", "run", "--dry-run", "--", "ls", NULL);
    assert_status(dry, 0);
    assert_has(dry.out, "the most of 2");
    _result_ group = incus_command("cluster", "group", "create", "fast", NULL);
    _result_ assigned = incus_command("cluster", "group", "assign", "nodeb", "default,fast", NULL);
    _result_ in_group = berth(&world.how, "--target", "@fast", "run", "--", "sh", "-c", "ls -d of-*", NULL);
    assert_status(in_group, 0);
    assert_string_equal(in_group.out, "of-nodeb\n");
    assert_has(in_group.err, "on nodeb: ");
    /* a member whose pool is full is passed over */
    _result_ big = incus_command("launch", "berth-small", "big", "--target", "nodeb", NULL);
    _result_ fill =
        incus_command("exec", "big", "--", "dd", "if=/dev/zero", "of=/fill", "bs=1M", "count=400", NULL);
    _result_ sync = incus_command("exec", "big", "--", "sync", NULL);
    _result_ chosen = berth(&world.how, "--target", "auto", "run", "--", "sh", "-c", "ls -d of-*", NULL);
    _result_ gone = incus_command("delete", "-f", "big", NULL);
    assert_status(chosen, 0);
    assert_string_equal(chosen.out, "of-nodea\n");
    assert_has(chosen.err, "MiB left in its pool");
    world.variables[1] = NULL;
}

/* What is said to be the other member's directory is that: run, shell, attach, guard, network. */
static void test_other(void **state) {
    (void)state;
    _cleanup_free_ char *path = other_path(),
                        *line = str_printf(
                            "cd %s && mkdir -p .git/hooks && touch .git/config .git/HEAD && chown -R "
                            "1001:1001 .git",
                            world.folder),
                        *made = over_there(line);
    struct how how = world.how;
    how.input = "in\n";
    _result_ run = berth(&how, "-w", path, "run", "--", "sh", "-c",
                         "ls; cat; echo x >made; echo x >.git/hooks/pre-commit; mv .git y; exit 9", NULL);
    assert_status(run, 9);
    assert_string_equal(run.out, "of-nodeb\nin\n");
    assert_has(run.err, "is 1001:1001's: made anew");
    assert_has(run.err, "pre-commit: Read-only");
    assert_has(run.err, "busy");
    _cleanup_free_ char *look = str_printf("stat -c %%u:%%g %s/made; ls %s/.git/hooks", world.folder,
                                           world.folder),
                        *seen = over_there(look);
    assert_string_equal(seen, "1001:1001\n");
    _result_ idmap = berth(&world.how, "-w", path, "idmap", NULL);
    assert_has(idmap.out, "not looked at from here");
    assert_has(idmap.out, "unknown");
    _result_ dry = berth(&world.how, "-w", path, "run", "--dry-run", "--", "ls", NULL);
    assert_has(dry.out, "ids-unknown");

    _cleanup_free_ char *config = str_printf("XDG_CONFIG_HOME=%s/config", world.home),
                        *file = str_printf("%s/config/berth/config.ini", world.home);
    free(world_folder("config/berth"));
    write_file(file, 0644, "[member nodeb]\nuid = 1001\n");
    world.variables[1] = config;
    _result_ known = berth(&world.how, "-w", path, "--network", "none", "run", "--", "sh", "-c",
                           "grep -vc Iface /proc/net/route; true", NULL);
    assert_status(known, 0);
    assert_string_equal(known.out, "0\n");
    assert_has_not(known.err, "made anew");
    world.variables[1] = NULL;

    _result_ shell = berth(&world.how, "-w", path, "shell", "--background", NULL);
    assert_status(shell, 0);
    shell.out[strcspn(shell.out, "\n")] = 0;
    _cleanup_free_ char *location = location_of(shell.out);
    assert_string_equal(location, "nodeb");
    /* its name is none that nodeb's own berth would give, nor one of the same path here */
    _cleanup_free_ char *own = world_slot(1);
    assert_false(str_equal(own, shell.out));
    struct terminal terminal;
    const char *const argv[] = {"berth", "attach", shell.out, NULL};
    terminal_open(&terminal, &world.how, 80, 24, argv);
    terminal_expect(&terminal, "$");
    terminal_type(&terminal, "echo $((6 * 7)) on $(hostname)\r");
    _cleanup_free_ char *answer = str_printf("42 on %s", shell.out);
    terminal_expect(&terminal, answer);
    terminal_type(&terminal, "exit\r");
    terminal_close_restored(&terminal);
    _cleanup_free_ char *status = world_status(shell.out);
    for (int i = 0; i < 100 && *status; i++) {
        usleep(100000);
        free(status);
        status = world_status(shell.out);
    }
    assert_string_equal(status, "");
    _cleanup_free_ char *give = str_printf("chown 2345:2346 %s", world.folder), *given = over_there(give);
    _result_ undelegated = berth(&world.how, "-w", path, "run", "--", "id", NULL);
    _cleanup_free_ char *back = str_printf("chown 1001:1001 %s", world.folder),
                        *given_back = over_there(back);
    assert_status(undelegated, 4);
    assert_has(undelegated.err, "on nodeb: echo root:2345:1 | sudo tee -a /etc/subuid");
}

/* The screen: where each is, the filter, the machines; one that hangs dims its own rows and keeps no key.
 */
static void test_screen(void **state) {
    (void)state;
    _cleanup_free_ char *path = other_path();
    remove_containers();
    _result_ here = berth(&world.how, "shell", "--background", NULL);
    _result_ over = berth(&world.how, "-w", path, "shell", "--background", NULL);
    assert_status(here, 0);
    assert_status(over, 0);
    struct terminal terminal;
    _cleanup_free_ char *shared = str_printf("BERTH_SHARED=%s", world.home);
    world.variables[1] = shared;
    world_screen(&terminal, 120, 30);
    world.variables[1] = NULL;
    terminal_expect(&terminal, "MACHINE");
    terminal_expect(&terminal, " nodeb");
    terminal_type(&terminal, "/@nodeb\r");
    terminal_expect(&terminal, "/@nodeb");
    terminal_expect_not(&terminal, " nodea ");
    terminal_type(&terminal, "\x1b");
    terminal_expect(&terminal, " nodea ");
    /* where all members have it, the form shows the mapping of the one that it goes to */
    terminal_type(&terminal, "n");
    terminal_expect(&terminal, "New shell session");
    _cleanup_free_ char *ours = str_printf("\x15%s", world.folder);
    terminal_type(&terminal, ours);
    for (int i = 0; i < 7; i++)
        terminal_type(&terminal, "\x1bOB");
    terminal_expect(&terminal, "a member, @GROUP or auto");
    terminal_type(&terminal, "nodeb");
    terminal_expect(&terminal, "there    uid 1001");
    terminal_type(&terminal, "\x15");
    terminal_expect(&terminal, "host     uid 1001");
    terminal_type(&terminal, "\x1b");
    terminal_expect_not(&terminal, "New shell session");
    terminal_type(&terminal, "M");
    terminal_expect(&terminal, "Machines");
    terminal_expect(&terminal, "GiB");
    terminal_expect_not(&terminal, "asking");
    assert_int_equal(system("tests/cluster/member send STOP"), 0);
    terminal_expect(&terminal, "no answer");
    terminal_type(&terminal, "\x1b");
    /* nodea's goes on: a session is made there, by this screen, while the other one hangs */
    int64_t begin = loop_now();
    terminal_type(&terminal, "n");
    terminal_expect(&terminal, "New shell session");
    assert_true(loop_now() - begin < 1000); /* no key waits for it */
    _cleanup_free_ char *field = str_printf("\x15%s\r", world.folder);
    terminal_type(&terminal, field);
    begin = loop_now();
    terminal_expect(&terminal, "-2:/workspace$");
    print_message("# a session on one member while another one hangs: %d ms\n", (int)(loop_now() - begin));
    terminal_type(&terminal, "\x02");
    terminal_read(&terminal, 50);
    terminal_type(&terminal, "d");
    terminal_expect(&terminal, "detached from");
    begin = loop_now();
    _result_ list = berth(&world.how, "list", NULL);
    print_message("# berth list: %d ms\n", (int)(loop_now() - begin));
    assert_status(list, 0);
    assert_has(list.out, "-2 (ephemeral)\n    Status: Running\n");
    assert_has(list.out, "    Status: Error\n");
    assert_true(loop_now() - begin < 10000);
    /* the list from the beginning: what answers is there, what does not is said to be so */
    terminal_type(&terminal, "q");
    terminal_close_restored(&terminal);
    begin = loop_now();
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "3 sessions");
    terminal_expect(&terminal, "no answer");
    print_message("# the list of a cluster, one of whose members hangs: %d ms\n",
                  (int)(loop_now() - begin));
    assert_true(loop_now() - begin < 10000);
    assert_int_equal(system("tests/cluster/member send CONT"), 0);
    terminal_expect_not(&terminal, "no answer");
    terminal_type(&terminal, "q");
    terminal_close_restored(&terminal);
}

static char *status_of(const char *member) {
    _cleanup_free_ char *path = str_printf("/1.0/cluster/members/%s", member);
    _cleanup_json_ json_t *json = NULL;
    _cleanup_(error_done) struct error err = {0};
    assert_true(incus_request(daemon_client(), "GET", path, NULL, &json, &err));
    return str_copy(json_str_at(json, "status"));
}

static void await_status(const char *member, const char *wanted) {
    for (int i = 0; i < 600; i++) {
        _cleanup_free_ char *status = status_of(member);
        if (str_equal(status, wanted))
            return;
        usleep(100000);
    }
    fail_msg("%s does not become %s", member, wanted);
}

/* Evacuated, or killed: said before anything is created, and nothing else is kept by it. */
static void test_away(void **state) {
    (void)state;
    _cleanup_free_ char *path = other_path();
    remove_containers();
    _result_ evacuated = incus_command("cluster", "evacuate", "nodeb", "--force", "--action", "stop", NULL);
    _result_ refused = berth(&world.how, "-w", path, "run", "--", "ls", NULL);
    assert_status(refused, 1);
    assert_has(refused.err, "member nodeb is Evacuated");
    _result_ restored = incus_command("cluster", "restore", "nodeb", "--force", NULL);
    await_status("nodeb", "Online");
    _result_ good = berth(&world.how, "-w", path, "run", "--", "ls", NULL);
    assert_status(good, 0);
    assert_int_equal(system("tests/cluster/member send KILL"), 0);
    int64_t begin = loop_now();
    _result_ gone = berth(&world.how, "-w", path, "run", "--", "ls", NULL);
    assert_int_not_equal(gone.status, 0);
    assert_has(gone.err, "nodeb");
    assert_true(loop_now() - begin < 15000);
    _result_ own = berth(&world.how, "run", "--", "ls", NULL);
    assert_status(own, 0);
    await_status("nodeb", "Offline");
    _result_ list = berth(&world.how, "list", NULL);
    assert_status(list, 0);
    assert_int_equal(system("tests/cluster/member again"), 0);
    await_status("nodeb", "Online");
    _result_ back = berth(&world.how, "-w", path, "run", "--", "ls", NULL);
    for (int i = 0; i < 30 && strstr(back.err, "isn't ready yet"); i++) {
        sleep(1);
        result_done(&back);
        back = berth(&world.how, "-w", path, "run", "--", "ls", NULL);
    }
    assert_status(back, 0);
    assert_has(back.out, "of-nodeb\n");
}

/* A run that is cut off by its member's end: its status is none of the command's. */
static void test_killed(void **state) {
    (void)state;
    _cleanup_free_ char *path = other_path();
    char *arguments[] = {"berth", "-w", path, "run", "--", "sh", "-c", "echo begun; sleep 60", NULL};
    struct child child = berth_start(&world.how, arguments);
    child_expect(&child, "begun");
    assert_int_equal(system("tests/cluster/member send KILL"), 0);
    _result_ cut = child_wait(&child);
    assert_int_not_equal(cut.status, 0);
    assert_true(*cut.err);
    assert_int_equal(system("tests/cluster/member again"), 0);
    await_status("nodeb", "Online");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_here),      cmocka_unit_test(test_there),
                                       cmocka_unit_test(test_same_path), cmocka_unit_test(test_placement),
                                       cmocka_unit_test(test_other),     cmocka_unit_test(test_screen),
                                       cmocka_unit_test(test_away),      cmocka_unit_test(test_killed)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
