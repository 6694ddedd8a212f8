/*
 * The guard against root inside, by AppArmor, which the kernel of this machine has in force: everything
 * that an attacker tries is tried again, and nothing of it may be seen.
 */
#include "tests/harness/attack.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_strict(void **state) {
    static const char *const strict[] = {"--strict", NULL}, *const none[] = {NULL};
    enum outcome with[64], without[64];
    struct how how = {.uid = 501, .gid = 20};
    (void)state;
    size_t seen = 0;
    _cleanup_free_ char *first = attack_workspace("virtiofs", 501, 20);
    attack_all(&how, first, "sudo", none, without);
    _cleanup_free_ char *second = attack_workspace("virtiofs", 501, 20);
    attack_all(&how, second, "sudo", strict, with);
    print_message("# %-30s %-6s %s\n", "", "root", "root, --strict");
    for (size_t i = 0; i < attack_count; i++) {
        print_message("# %-30s %-6s %s\n", attacks[i].name, outcome_names[without[i]],
                      outcome_names[with[i]]);
        seen += without[i] == OUTCOME_SEEN;
    }
    for (size_t i = 0; i < attack_count; i++)
        assert_int_equal(with[i], OUTCOME_HELD);
    assert_true(seen > 5); /* without it they are some */
}

/* A workspace with a repository, and a home; where `how` is from here on. Caller owns. */
static char *new_repository(struct how *how) {
    char *workspace = new_folder("virtiofs", 501, 20);
    how->cwd = workspace;
    mkdir("/tmp/home", 0777);
    assert_int_equal(chown("/tmp/home", 501, 20), 0);
    _result_ made = shell_line(how, "git init -q .");
    assert_status(made, 0);
    return workspace;
}

/* What is done inside all day works under it: systemd, git, mounts, and sudo. */
static void test_work(void **state) {
    static const char *const variables[] = {"HOME=/tmp/home", NULL};
    struct how how = {.uid = 501, .gid = 20, .variables = variables};
    (void)state;
    _cleanup_free_ char *workspace = new_repository(&how);
    _result_ result = berth(
        &how, "run", "--strict", "--", "sh", "-c",
        "set -e; export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x "
        "GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x; echo a >a; git add a; git commit -qm a; git gc -q; "
        "sudo mount -t tmpfs none /mnt; sudo umount /mnt; sudo unshare -m mount -t tmpfs none /srv; "
        "mkdir /tmp/x; sudo mount --bind /tmp/x /mnt; sudo umount /mnt; unshare -Urm true; "
        "for i in $(seq 1200); do state=$(systemctl is-system-running 2>/dev/null || true); case $state in "
        "running|degraded) break; esac; sleep 0.1; done; echo $state; "
        "sudo systemd-run -q --wait -p PrivateTmp=yes -p ProtectSystem=strict -p ProtectHome=yes true",
        NULL);
    assert_status(result, 0);
    assert_has(result.out, "running\n");
    _result_ shell = berth(&how, "shell", "--background", "--strict", NULL);
    assert_status(shell, 0);
    _result_ guard = berth(&how, "guard", NULL);
    assert_status(guard, 0);
    assert_has(guard.out, "holds against code and against root inside");
    _result_ list = berth(&how, "list", "--format", "json", NULL);
    assert_has(list.out, "\"against\": \"root\"");
}

/* The guard's mounts are made inside a standby container, whose profile of AppArmor lets root do that. */
static void test_standby(void **state) {
    static const char *const variables[] = {"HOME=/tmp/home", "BERTH_STANDBY=1", NULL};
    struct how how = {.uid = 501, .gid = 20, .variables = variables};
    (void)state;
    _cleanup_free_ char *workspace = new_repository(&how);
    _result_ filled = berth(&how, "standby", "fill", NULL);
    assert_status(filled, 0);
    _result_ dry = berth(&how, "run", "--dry-run", "--", "true", NULL);
    assert_has(dry.out, "\"why_not\": null");
    _result_ run = berth(&how, "run", "--", "sh", "-c", "hostname; touch .git/hooks/x; touch made", NULL);
    assert_status(run, 0);
    assert_has(run.out, "-1"); /* a slot of 101 to 199 */
    assert_has_not(run.out, "-1\n");
    assert_has(run.err, "Read-only file system");
    _cleanup_free_ char *owner = file_owner(workspace, "made");
    assert_string_equal(owner, "501:20");
    _result_ cleared = berth(&how, "standby", "clear", NULL);
    assert_status(cleared, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {live_test(test_standby), live_test(test_strict),
                                       live_test(test_work)};
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
