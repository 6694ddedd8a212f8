/* A cluster of two members on one machine: nothing happens on the other one by accident. */
#include "tests/harness/world.h"

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

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_here), cmocka_unit_test(test_there),
                                       cmocka_unit_test(test_same_path)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
