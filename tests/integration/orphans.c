/*
 * Containers of runs whose berth has died with its reaper: the next berth knows them and removes them, and
 * nothing else.
 */
#include "launch/owner.h"
#include "tests/harness/terminal.h"
#include "tests/harness/world.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A run whose command has begun, and then all of berth is killed, before it has a warden inside. */
static void make_orphan(void) {
    char *argv[] = {
        "berth", "run", "-q", "--image", "berth-small", "--", "sh", "-c", "echo begun; sleep 1000", NULL};
    struct child child = berth_start(&world.how, argv);
    child_expect(&child, "begun\n");
    world_reapers(SIGKILL);
    kill(child.pid, SIGKILL);
    _result_ result = child_wait(&child);
    assert_int_equal(result.status, 137);
    _cleanup_free_ char *names = containers();
    assert_true(*names);
}

static void test_list(void **state) {
    (void)state;
    make_orphan();
    _result_ listed = berth(&world.how, "list", "--format", "json", NULL);
    assert_has(listed.out, "\"orphaned\": true");
    assert_no_containers();
    make_orphan();
    _result_ text = berth(&world.how, "list", NULL);
    assert_has(text.out, "(orphaned: ");
    assert_has(text.err, "1 orphaned container of runs whose berth has died: removing");
    assert_no_containers();
}

static void test_clean(void **state) {
    (void)state;
    make_orphan();
    _result_ cleaned = berth(&world.how, "clean", NULL);
    assert_status(cleaned, 0);
    assert_string_equal(cleaned.out, "Cleaned 1 container(s)\n");
    assert_no_containers();
}

static void test_run(void **state) {
    (void)state;
    make_orphan();
    _result_ next = berth(&world.how, "run", "--image", "berth-small", "--", "true", NULL);
    assert_status(next, 0);
    assert_no_containers();
    make_orphan();
    _result_ same = berth(&world.how, "run", "--slot", "1", "--image", "berth-small", "--", "true", NULL);
    assert_status(same, 0);
    assert_no_containers();
}

static void test_screen(void **state) {
    (void)state;
    struct terminal terminal;
    make_orphan();
    world_screen(&terminal, 120, 30);
    terminal_expect(&terminal, "is orphaned: its berth has died; removing it");
    assert_no_containers();
    terminal_expect(&terminal, "No sessions yet");
    terminal_type(&terminal, "q");
    assert_int_equal(terminal_close_restored(&terminal), 0);
}

/* While its berth lives it is no orphan, whoever looks. */
static void test_alive(void **state) {
    (void)state;
    char *argv[] = {
        "berth", "run", "-q", "--image", "berth-small", "--", "sh", "-c", "echo begun; cat; echo over",
        NULL};
    struct child child = berth_start(&world.how, argv);
    child_expect(&child, "begun\n");
    _result_ listed = berth(&world.how, "list", "--format", "json", NULL);
    assert_has(listed.out, "\"orphaned\": false");
    _result_ result = child_wait(&child);
    assert_status(result, 0);
}

/* The label's parts of this machine, with a name that nobody holds. Caller owns. */
static char *label(unsigned int uid, const char *machine, const char *boot, const char *network) {
    char real[128] = "", real_boot[64] = "", inode[32] = "";
    FILE *file = fopen("/etc/machine-id", "re");
    if (file && fgets(real, sizeof real, file))
        real[strcspn(real, "\n")] = 0;
    if (file)
        fclose(file);
    file = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (file && fgets(real_boot, sizeof real_boot, file))
        real_boot[strcspn(real_boot, "\n")] = 0;
    if (file)
        fclose(file);
    struct stat info;
    assert_int_equal(stat("/proc/self/ns/net", &info), 0);
    snprintf(inode, sizeof inode, "%lu", (unsigned long)info.st_ino);
    return str_printf("%u:%s:%s:%s:00000000000000000000000000000000", uid, machine ? machine : real,
                      boot ? boot : real_boot, network ? network : inode);
}

static void make(unsigned int slot, const char *owner, bool ephemeral, const char *persistent) {
    _cleanup_free_ char *name = str_printf("%s0123abcd-%u", getenv("COI_CONTAINER_PREFIX"), slot),
                        *owner_key = str_printf("user.berth.owner=%s", owner),
                        *persistent_key = str_printf("user.berth.persistent=%s", persistent);
    _result_ made = incus_command("launch", "-q", "berth-small", name, "-c", owner_key, "-c",
                                  persistent_key, ephemeral ? "-e" : NULL, NULL);
}

/* Another user's, another machine's, another network's, a session's, a persistent one: never. */
static void test_never(void **state) {
    (void)state;
    _cleanup_free_ char *mine = label(1001, NULL, NULL, NULL), *other_user = label(1002, NULL, NULL, NULL),
                        *other_machine = label(1001, "0123456789abcdef", NULL, NULL),
                        *other_boot = label(1001, NULL, "aaaaaaaa-0000", NULL),
                        *other_network = label(1001, NULL, NULL, "7");
    make(1, other_user, true, "false");
    make(2, other_machine, true, "false");
    make(3, other_boot, true, "false");
    make(4, other_network, true, "false");
    make(5, mine, false, "false"); /* of a session */
    make(6, mine, false, "true");
    make(7, "garbage", true, "false");
    make(8, mine, true, "false"); /* the only one */
    _result_ listed = berth(&world.how, "list", NULL);
    assert_has(listed.err, "1 orphaned container");
    _result_ cleaned = berth(&world.how, "clean", NULL);
    bool there = true;
    for (int i = 0; i < 100 && there; i++) {
        _cleanup_free_ char *names = containers();
        there = strstr(names, "0123abcd-8") != NULL;
        struct timespec pause = {0, 50000000};
        nanosleep(&pause, NULL);
    }
    assert_false(there);
    _cleanup_free_ char *names = containers();
    for (unsigned int slot = 1; slot <= 7; slot++) {
        _cleanup_free_ char *end = str_printf("0123abcd-%u\n", slot);
        assert_has(names, end);
    }
}

/* The connection is cut, and no process of ours is left: the container ends by itself. */
static void test_warden(void **state) {
    (void)state;
    char *argv[] = {
        "berth", "run", "-q", "--image", "berth-small", "--", "sh", "-c", "sleep 2; echo begun; sleep 1000",
        NULL};
    struct child child = berth_start(&world.how, argv);
    child_expect(&child, "begun\n");
    world_reapers(SIGKILL);
    kill(child.pid, SIGKILL);
    _result_ result = child_wait(&child);
    assert_no_containers();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        world_test(test_list),  world_test(test_clean), world_test(test_run),    world_test(test_screen),
        world_test(test_alive), world_test(test_never), world_test(test_warden),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
