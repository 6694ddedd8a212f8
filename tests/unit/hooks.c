/* Agents' settings with the hooks in them, and what a repository is at. */
#include "watch/hooks.h"
#include "guard/head.h"
#include "tests/harness/unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct agent_hooks *hooks_of(const char *agent) {
    _cleanup_(error_done) struct error err = {0};
    const struct agent_hooks *hooks = hooks_find(agent, &err);
    assert_non_null(hooks);
    return hooks;
}

static char *merged(const char *agent, const char *text) {
    _cleanup_(error_done) struct error err = {0};
    char *result = hooks_merge(hooks_of(agent), text, &err);
    if (!result)
        fail_msg("%s", err.message);
    return result;
}

static void refused(const char *agent, const char *text, const char *words) {
    _cleanup_(error_done) struct error err = {0};
    assert_null(hooks_merge(hooks_of(agent), text, &err));
    assert_non_null(strstr(err.message, words));
}

/* What is there stays, and twice is once. */
static void test_claude(void **state) {
    (void)state;
    _cleanup_free_ char *fresh = merged("claude", ""), *again = merged("claude", fresh);
    assert_string_equal(fresh, again);
    _cleanup_free_ char *kept =
        merged("claude", "{\"model\": \"x\", \"hooks\": {\"Stop\": [{\"matcher\": \"\", "
                         "\"hooks\": [{\"type\": \"command\", \"command\": "
                         "\"mine\"}]}]}}");
    assert_non_null(strstr(kept, "\"model\": \"x\""));
    assert_non_null(strstr(kept, "\"mine\""));
    assert_non_null(strstr(kept, "@berth done"));
    assert_non_null(strstr(kept, "Notification"));
    refused("claude", "{broken", "settings");
    refused("claude", "[]", "no JSON object");
    refused("claude", "{\"hooks\": 3}", "\"hooks\" is no object");
    refused("claude", "{\"hooks\": {\"Stop\": {}}}", "hooks.Stop is no list");
}

static void test_lines(void **state) {
    (void)state;
    _cleanup_free_ char *codex = merged("codex", "model = \"x\"\n[tools]\nweb = true\n"),
                        *again = merged("codex", codex);
    assert_true(str_starts(codex, "notify = ["));
    assert_non_null(strstr(codex, "]\nmodel = \"x\"\n[tools]\n"));
    assert_string_equal(codex, again);
    refused("codex", "model = 1\nnotify = [\"mine\"]\n", "something else for notify");
    refused("aider", "dark-mode: true\nnotifications-command: beep\n", "notifications-command");
    _cleanup_free_ char *aider = merged("aider", "# notifications: no\nnotifications-x: 1\n");
    assert_true(str_starts(aider, "notifications: true\n"));
    _cleanup_(error_done) struct error err = {0};
    assert_null(hooks_find("emacs", &err));
    assert_non_null(strstr(err.hints.items[0], "claude, codex, aider"));
}

#define COMMIT "0123456789abcdef0123456789abcdef01234567"

static void put(const char *folder, const char *name, const char *content) {
    _cleanup_free_ char *path = str_printf("%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void make(const char *folder, const char *name) {
    _cleanup_free_ char *path = str_printf("%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void check_head(const char *workspace, const char *branch, const char *commit) {
    _cleanup_(git_head_done) struct git_head head = {0};
    bool found = git_head_read(workspace, &head);
    assert_int_equal(found, branch != NULL);
    if (branch) {
        assert_string_equal(head.branch, branch);
        assert_string_equal(head.commit, commit);
    }
}

static void test_head(void **state) {
    (void)state;
    char folder[] = "/tmp/berth-head-XXXXXX";
    assert_non_null(mkdtemp(folder));
    check_head(folder, NULL, NULL);
    make(folder, ".git");
    check_head(folder, NULL, NULL);
    put(folder, ".git/HEAD", "ref: refs/heads/main\n");
    check_head(folder, "main", ""); /* no commit yet */
    put(folder, ".git/packed-refs", "# pack-refs with: peeled\n" COMMIT " refs/heads/main\n^" COMMIT "\n");
    check_head(folder, "main", COMMIT);
    make(folder, ".git/refs");
    make(folder, ".git/refs/heads");
    put(folder, ".git/refs/heads/main", "1111111111111111111111111111111111111111\n");
    check_head(folder, "main", "1111111111111111111111111111111111111111");
    put(folder, ".git/HEAD", COMMIT "\n");
    check_head(folder, "", COMMIT);
    /* a worktree of it */
    make(folder, ".git/worktrees");
    make(folder, ".git/worktrees/w");
    make(folder, "w");
    _cleanup_free_ char *pointer = str_printf("gitdir: %s/.git/worktrees/w\n", folder),
                        *worktree = str_printf("%s/w", folder);
    put(folder, "w/.git", pointer);
    put(folder, ".git/worktrees/w/HEAD", "ref: refs/heads/main\n");
    put(folder, ".git/worktrees/w/commondir", "../..\n");
    check_head(worktree, "main", "1111111111111111111111111111111111111111");
    /* what is none of these */
    const char *const wrong[] = {"", "ref: ../../etc/passwd\n", "ref: refs/../../x\n", "hello\n",
                                 "ref: x\n"};
    for (size_t i = 0; i < array_length(wrong); i++) {
        put(folder, ".git/HEAD", wrong[i]);
        check_head(folder, NULL, NULL);
    }
    _cleanup_free_ char *head = str_printf("%s/.git/HEAD", folder);
    assert_int_equal(unlink(head), 0);
    assert_int_equal(mkfifo(head, 0644), 0); /* is not waited for */
    check_head(folder, NULL, NULL);
    _cleanup_free_ char *line = str_printf("rm -r %s", folder);
    assert_int_equal(system(line), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claude),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_head),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
