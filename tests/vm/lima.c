/*
 * In the machine of tests/vm/run, which looks like one of Lima's: its kernel is Debian's, its workspaces
 * are real virtiofs. The truth table is asked there too (tests/truth); here is what is Lima's own.
 */
#include "tests/harness/harness.h"

#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static json_t *decision_of(const struct how *how, const char *folder) {
    _cleanup_(error_done) struct error err = {0};
    _result_ result = berth(how, "idmap", "--format", "json", folder, NULL);
    json_t *json = json_parse(result.out, result.out_size, "berth idmap", &err);
    assert_non_null(json);
    return json;
}

/* What is said before, with its evidence, and whose the file is afterwards; other owners are the table's.
 */
static void test_mac_user(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("virtiofs", 501, 20);
    struct how how = {.uid = 501, .gid = 20, .cwd = folder};
    _cleanup_json_ json_t *json = decision_of(&how, folder);
    assert_string_equal(json_str_at(json, "facts.filesystem"), "virtiofs");
    assert_string_equal(json_str_at(json, "facts.vm"), "Lima");
    assert_string_equal(json_str_at(json, "facts.vm_evidence"), "host name lima-berth");
    assert_string_equal(json_str_at(json, "decision.raw"), "uid 501 1000\ngid 20 1000");
    _result_ result = berth(&how, "run", "--image", "berth-small", "--", "sh", "-c",
                            "id -u > by; stat -c %u:%g . by", NULL);
    assert_status(result, 0);
    assert_string_equal(result.out, "1000:1000\n1000:1000\n");
    _cleanup_free_ char *owner = file_owner(folder, "by");
    assert_string_equal(owner, "501:20");
}

/* A session in the background, on the image that users have: what is typed there is the Mac user's. */
static void test_shell(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("virtiofs", 501, 20);
    struct how how = {.uid = 501, .gid = 20, .cwd = folder};
    static const char *const variables[] = {"HOME=/tmp/home", NULL};
    how.variables = variables;
    mkdir("/tmp/home", 0777);
    assert_int_equal(chown("/tmp/home", 501, 20), 0);
    _result_ shell = berth(&how, "shell", "--background", NULL);
    assert_status(shell, 0);
    shell.out[strcspn(shell.out, "\n")] = 0;
    _result_ typed = berth(&how, "tmux", "send", shell.out, "git init -q . && touch typed", NULL);
    assert_status(typed, 0);
    for (int i = 0; i < 600 && !file_exists(folder, "typed"); i++)
        usleep(100000);
    _cleanup_free_ char *owner = file_owner(folder, "typed"), *repository = file_owner(folder, ".git");
    assert_string_equal(owner, "501:20");
    assert_string_equal(repository, "501:20");
    _result_ real = berth(&how, "idmap", shell.out, NULL);
    assert_status(real, 0);
    assert_has(real.out, "as predicted");
    _result_ killed = berth(&how, "kill", shell.out, NULL);
    assert_status(killed, 0);
}

static void command(const char *line) {
    _result_ result = shell_line(&(struct how){0}, line);
    assert_status(result, 0);
}

/*
 * A virtiofs mount that is not the workspace's changes nothing: on a machine without Lima's marks, on a
 * disk of its own, the ids that match are shifted.
 */
static void test_unrelated(void **state) {
    (void)state;
    command("dd if=/dev/zero of=/tmp/disk bs=1M count=0 seek=64 2>/dev/null; mkfs.ext4 -q /tmp/disk;"
            "mkdir -p \"$BERTH_TEST_FS/ext4\"; mount -o loop /tmp/disk \"$BERTH_TEST_FS/ext4\"");
    _cleanup_free_ char *folder = new_folder("ext4", 1000, 1000);
    struct how how = {.uid = 1000, .gid = 1000, .cwd = folder};
    _cleanup_json_ json_t *lima = decision_of(&how, folder);
    assert_string_equal(json_str_at(lima, "facts.filesystem"), "ext4");
    assert_string_equal(json_str_at(lima, "decision.reason"), "vm-host");
    command("hostname box");
    _cleanup_json_ json_t *account = decision_of(&how, folder);
    assert_string_equal(json_str_at(account, "facts.vm_evidence"), "account lima");
    command("sed '/^lima:/d' /etc/passwd >/tmp/passwd; cat /tmp/passwd >/etc/passwd");
    _cleanup_json_ json_t *mark = decision_of(&how, folder);
    assert_string_equal(json_str_at(mark, "facts.vm_evidence"), "/run/lima-boot-done");
    command("rm /run/lima-boot-done");
    _cleanup_json_ json_t *none = decision_of(&how, folder);
    assert_string_equal(json_str_at(none, "facts.vm"), "none");
    assert_string_equal(json_str_at(none, "decision.method"), "shift");
    _result_ result =
        berth(&how, "run", "--image", "berth-small", "--", "sh", "-c", "touch f; stat -c %u:%g f", NULL);
    assert_status(result, 0);
    assert_string_equal(result.out, "1000:1000\n");
    /* and there the share alone tells what the machine is */
    _cleanup_free_ char *share = new_folder("virtiofs", 1000, 1000);
    _cleanup_json_ json_t *shared = decision_of(&how, share);
    assert_string_equal(json_str_at(shared, "facts.vm_evidence"), "the workspace lies on virtiofs");
    assert_string_equal(json_str_at(shared, "decision.method"), "raw");
    command(
        "hostname lima-berth; touch /run/lima-boot-done; echo lima:x:1500:1500::/:/bin/sh >>/etc/passwd");
}

int main(void) {
    const struct CMUnitTest tests[] = {live_test(test_mac_user), live_test(test_shell),
                                       live_test(test_unrelated)};
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
