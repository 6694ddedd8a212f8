/* The guard: attackers in real sessions, worktrees, what is noted and said, and what bad input gets. */
#include "tests/harness/attack.h"

#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SMALL "--image", "berth-small"

static struct how how = {.uid = 1001, .gid = 1001};
static char *home;
static char *home_variable;
static const char *variables[2];

static int setup(void **state) {
    group_setup(state);
    home = new_folder("", 1001, 1001);
    home_variable = str_printf("HOME=%s", home);
    variables[0] = home_variable;
    how.variables = variables;
    how.cwd = home;
    return 0;
}

static int teardown(void **state) {
    free(home);
    free(home_variable);
    return group_teardown(state);
}

/* A line of sh, as the user, in a folder. */
static void host(const char *folder, const char *line) {
    struct how there = how;
    there.cwd = folder;
    _cleanup_free_ char *whole = str_printf(
        "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x; %s", line);
    _result_ result = shell_line(&there, whole);
    assert_status(result, 0);
}

static char *repository(void) {
    char *folder = new_folder("", 1001, 1001);
    host(folder, "git init -q . && echo a >a && git add a && git commit -qm a");
    return folder;
}

/* The end of a session is behind berth's: its container goes, and with it what was made for it. */
static void await_settled(void) {
    _cleanup_free_ char *line =
        str_printf("cd %s/%s1001/berth/guard && for i in $(seq 150); do ls | grep -q json || exit 0; "
                   "sleep 0.1; done; head -c 300 *.json; exit 1",
                   getenv("BERTH_TEST_STATE"), getenv("COI_CONTAINER_PREFIX"));
    _result_ result = shell_line(&(struct how){0}, line);
    assert_status(result, 0);
}

static void test_attackers(void **state) {
    static const struct {
        const char *title, *actor;
        const char *flags[2];
        enum outcome worst;
    } columns[] = {
        {"code", "code", {NULL}, OUTCOME_HELD},
        {"root, --no-root", "sudo", {"--no-root"}, OUTCOME_HELD},
        {"root", "sudo", {NULL}, OUTCOME_SEEN},
    };
    enum outcome outcomes[array_length(columns)][64];
    (void)state;
    for (size_t i = 0; i < array_length(columns); i++) {
        _cleanup_free_ char *workspace = attack_workspace("", 1001, 1001);
        attack_all(&how, workspace, columns[i].actor, columns[i].flags, outcomes[i]);
        _result_ accepted = berth(&how, "guard", "accept", workspace, NULL);
        assert_status(accepted, 0);
    }
    print_message("# %-30s %-6s %-16s %s\n", "", columns[0].title, columns[1].title, columns[2].title);
    for (size_t i = 0; i < attack_count; i++)
        print_message("# %-30s %-6s %-16s %s\n", attacks[i].name, outcome_names[outcomes[0][i]],
                      outcome_names[outcomes[1][i]], outcome_names[outcomes[2][i]]);
    size_t seen = 0;
    for (size_t i = 0; i < array_length(columns); i++)
        for (size_t j = 0; j < attack_count; j++) {
            assert_true(outcomes[i][j] <= columns[i].worst);
            seen += outcomes[i][j] == OUTCOME_SEEN;
        }
    assert_true(seen > 5); /* the attacks are some */
}

/* What git does in its everyday inside, and what is gone afterwards. */
static void test_git_inside(void **state) {
    (void)state;
    _cleanup_free_ char *folder = repository();
    _result_ result =
        berth(&how, "run", "-q", "-w", folder, "--", "sh", "-c",
              "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x "
              "GIT_COMMITTER_EMAIL=x; git status --short && git checkout -qb b && echo b >b && "
              "git add b && git commit -qm b && git gc -q && git stash list && git fsck && "
              "git merge-base HEAD b >/dev/null && git config a.b c",
              NULL);
    assert_int_equal(result.status, 4); /* git config: EBUSY */
    assert_has(result.err, "could not write config file");
    await_settled();
    assert_false(file_exists(folder, ".git/commondir"));
    assert_false(file_exists(folder, ".git/config.worktree"));
    assert_false(file_exists(folder, ".git/info/attributes"));
    _result_ writable = shell_line(&how, "BERTH_GUARD_WRITABLE=.git/config $BERTH run -q -- true");
    assert_status(writable, 0);
    struct how there = how;
    there.cwd = folder;
    _result_ config =
        shell_line(&there, "BERTH_GUARD_WRITABLE=.git/config $BERTH run -q -- git config a.b c");
    assert_status(config, 0);
    await_settled();
}

/* Two worktrees of a repository, a session in each, commits in both at once. */
static void test_worktrees(void **state) {
    (void)state;
    _cleanup_free_ char *top = new_folder("", 1001, 1001), *one = str_printf("%s/one", top),
                        *two = str_printf("%s/two", top);
    host(top, "git init -q main && cd main && echo a >a && git add a && git commit -qm a && "
              "git worktree add -q ../one -b one && git worktree add -q ../two -b two && "
              "touch -d '3 days ago' .git/worktrees/*/gitdir");
    static const char *const script =
        "export GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x; "
        "for i in 1 2 3 4 5; do echo $i >>a; git commit -qam $i || exit 1; done; "
        "git worktree prune; git gc -q; ! echo x >\"$(git rev-parse --git-common-dir)\"/hooks/x";
    struct child children[2];
    for (int i = 0; i < 2; i++)
        children[i] = berth_start(
            &how, (char *[]){"berth", "run", "-w", i ? two : one, "--", "sh", "-c", (char *)script, NULL});
    for (int i = 0; i < 2; i++) {
        _result_ result = child_wait(&children[i]);
        assert_status(result, 0);
    }
    await_settled();
    host(top, "for w in one two; do [ $(git -C $w rev-list --count HEAD) = 6 ] || exit 1; "
              "[ -z \"$(git -C $w status --short)\" ] || exit 1; "
              "[ \"$(cat main/.git/worktrees/$w/gitdir)\" = \"$PWD/$w/.git\" ] || exit 1; "
              "[ ! -e main/.git/worktrees/$w/gitdir.berth ] || exit 1; done; [ ! -e main/.git/commondir ]");
    /* a forged one mounts nothing */
    _cleanup_free_ char *forged = new_folder("", 1001, 1001);
    host(forged, "mkdir -p ~/.ssh && echo key >~/.ssh/id && echo \"gitdir: $HOME/.ssh\" >.git");
    _result_ result = berth(&how, "run", SMALL, "-w", forged, "--", "sh", "-c",
                            "grep -c /workspace /proc/self/mountinfo; ls -d /root/.ssh /home/*/.ssh", NULL);
    assert_has(result.out, "2\n");
    assert_has(result.err, "git will not work inside");
    await_settled();
}

/* Changed in a session, asked about before the next, accepted or put back. */
static void test_seen(void **state) {
    (void)state;
    _cleanup_free_ char *folder = repository();
    struct how there = how;
    there.cwd = folder;
    _result_ evil = berth(&there, "run", "-q", "--", "sudo", "sh", "-c",
                          "umount .git/hooks; echo evil >.git/hooks/post-merge; mkdir .vscode", NULL);
    assert_status(evil, 0);
    assert_has(evil.err, "2 guarded paths");
    _result_ look = berth(&there, "guard", NULL);
    assert_status(look, 1);
    assert_has(look.out, "appeared");
    assert_has(look.out, ".git/hooks/post-merge");
    assert_has(look.out, "+evil");
    _result_ json = berth(&there, "guard", "--format", "json", NULL);
    assert_status(json, 1);
    assert_has(json.out, "\"change\": \"appeared\"");
    _result_ refused = berth(&there, "run", SMALL, "--", "true", NULL);
    assert_status(refused, 4);
    assert_has(refused.err, "post-merge");
    _result_ warned = shell_line(&there, "BERTH_GUARD_CHANGED=warn $BERTH run --image berth-small -- true");
    assert_status(warned, 0);
    assert_has(warned.err, "warning: changed during an earlier session");
    _result_ restored = berth(&there, "guard", "restore", NULL);
    assert_status(restored, 0);
    assert_has(restored.out, "Restored 2 path(s)");
    assert_false(file_exists(folder, ".git/hooks/post-merge"));
    assert_false(file_exists(folder, ".vscode"));
    _result_ now = berth(&there, "run", SMALL, "--", "true", NULL);
    assert_status(now, 0);
    await_settled();
    /* what changes while none runs is the host's own */
    host(folder, "git config a.b c && mkdir .vscode");
    _result_ own = berth(&there, "run", SMALL, "--", "true", NULL);
    assert_status(own, 0);
    await_settled();
    _result_ again =
        berth(&there, "run", "-q", "--", "sudo", "sh", "-c", "umount .vscode; echo e >.vscode/e", NULL);
    _result_ accepted = berth(&there, "run", "--accept", SMALL, "--", "true", NULL);
    assert_status(accepted, 0);
    _result_ quiet = berth(&there, "guard", NULL);
    assert_status(quiet, 0);
}

/* A persistent session, used again: what its workspace needs today is brought to it. */
static void test_reuse(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how there = how;
    there.cwd = folder;
    _result_ first = berth(&there, "run", SMALL, "--persistent", "--", "true", NULL);
    assert_status(first, 0);
    await_settled();
    host(folder, "git init -q .");
    _result_ second =
        shell_line(&there, "for i in $(seq 100); do $BERTH run --image berth-small --persistent -- "
                           "sh -c 'echo x >.git/hooks/x' && exit 9; [ $? = 1 ] && exit 0; "
                           "sleep 0.2; done");
    assert_status(second, 0);
    assert_has(second.err, "its guard is brought up");
    assert_false(file_exists(folder, ".git/hooks/x"));
    _result_ third =
        shell_line(&there, "for i in $(seq 100); do $BERTH run --image berth-small --persistent -- "
                           "true && exit 0; sleep 0.2; done");
    assert_status(third, 0);
    assert_has_not(third.err, "its guard is brought up");
    remove_containers();
    _result_ list = berth(&there, "list", NULL); /* settles */
    assert_status(list, 0);
}

static void test_secrets(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how there = how;
    there.cwd = folder;
    host(folder, "echo A=1 >.env && mkdir keys && echo k >keys/'a b.pem'");
    _result_ result =
        shell_line(&there, "BERTH_SECRET_PATHS='.env, keys/*.pem' $BERTH run -q --image berth-small -- "
                           "sh -c 'cat .env keys/*; echo x >.env; mv keys k; rm .env'");
    assert_string_equal(result.out, "");
    assert_int_equal(result.status, 1);
    _cleanup_free_ char *file = str_printf("%s/.env", folder), *content = read_file(file);
    assert_string_equal(content, "A=1\n");
    _result_ guard = shell_line(&there, "BERTH_SECRET_PATHS='.env, keys/*.pem' $BERTH guard");
    assert_has(guard.out, "covered    .env");
    await_settled();
    /* one that appears while a session runs */
    _result_ late =
        shell_line(&there, "rm .env; BERTH_SECRET_PATHS=.env $BERTH run -q --image berth-small -- "
                           "sh -c 'echo B=2 >.env'");
    assert_status(late, 0);
    assert_has(late.err, "1 guarded path");
    _result_ accepted = berth(&there, "guard", "accept", NULL);
    assert_status(accepted, 0);
    await_settled();
}

/* A path that is swapped for a link again and again, while sessions begin. */
static void test_race(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001), *elsewhere = new_folder("", 1001, 1001);
    struct how there = how;
    there.cwd = folder;
    host(folder, "mkdir .vscode && : >.vscode/mine");
    host(elsewhere, ": >stolen");
    pid_t swapper = fork();
    if (swapper == 0) {
        /* also when the test fails */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || chdir(folder) != 0)
            _exit(1);
        for (;;) {
            (void)!rename(".vscode", "away");
            (void)!symlink(elsewhere, ".vscode");
            usleep(300);
            unlink(".vscode");
            (void)!rename("away", ".vscode");
            usleep(300);
        }
    }
    int began = 0, not = 0;
    for (int i = 0; i < 24; i++) {
        _result_ result = berth(&there, "run", "-q", "--accept", SMALL, "--", "ls", ".vscode", NULL);
        assert_has_not(result.out, "stolen");
        began += result.status == 0;
        not += result.status != 0;
    }
    kill(swapper, SIGKILL);
    waitpid(swapper, NULL, 0);
    print_message("# a link in place of .vscode, by chance: %d sessions began, %d did not\n", began, not );
    assert_true(not > 0);
    _result_ accepted = berth(&how, "guard", "accept", folder, NULL);
    assert_status(accepted, 0);
    await_settled();
}

/* A home as the workspace: what berth itself has there is not the session's to write, and no change. */
static void test_home(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001), *variable = str_printf("HOME=%s", folder),
                        *xdg = str_printf("XDG_STATE_HOME=%s/.state", folder);
    const char *const here[] = {variable, xdg, "XDG_CONFIG_HOME", NULL};
    struct how there = how;
    there.cwd = folder;
    there.variables = here;
    host(folder, "mkdir -p .coi .config/berth && echo secret >.config/berth/client.key");
    _result_ run = berth(
        &there, "run", SMALL, "--", "sh", "-c",
        "echo x >.state/berth/guard/trusted || echo x >.coi/x || echo x >.config/berth/config.ini", NULL);
    assert_int_equal(run.status, 1);
    _result_ key = berth(&there, "run", SMALL, "--", "sh", "-c",
                         "cat .config/berth/client.key; sudo cat .config/berth/client.key; true", NULL);
    assert_has_not(key.out, "secret");
    host(folder, "mkdir .coi/sessions-shell");
    _result_ guard = berth(&there, "guard", NULL);
    assert_status(guard, 0);
    assert_has(guard.out, "read-only  .state/berth/guard");
}

static void test_bad_input(void **state) {
    static const struct {
        const char *line, *words;
        int status;
    } rows[] = {
        {"ln -s /etc .vscode", "is a symbolic link", 4},
        {"mkfifo .envrc", "is neither a file nor a directory", 4},
        {"echo garbage >.git", "without a line", 0},
        {"head -c 5000 /dev/zero | tr '\\0' a | sed 's/^/gitdir: /' >.git", "without a line", 0},
        {"git init -q . && mkdir \"$(printf 'a\\nb')\" && git init -q \"$(printf 'a\\nb')\"", "", 0},
        {"mkdir .git && mkdir \"$(printf 'e\\033[31m')\"", "", 0},
        {"echo 'gitdir: .git' >.git", "git will not work inside", 0},
        {"git init -q . && chmod 0 .git", "not to be looked at", 4},
    };
    (void)state;
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_free_ char *folder = new_folder("", 1001, 1001);
        struct how there = how;
        there.cwd = folder;
        host(folder, rows[i].line);
        _result_ result = berth(&there, "run", SMALL, "--", "true", NULL);
        if (result.status != rows[i].status)
            print_error("%s\n", rows[i].line);
        assert_status(result, rows[i].status);
        assert_has(result.err, rows[i].words);
        assert_has_not(result.err, "\033[31m");
    }
    await_settled();
    assert_no_containers();
    /* a workspace that nobody can write to; somebody else's repository */
    _cleanup_free_ char *folder = new_folder("ext4", 1001, 1001);
    struct how there = how;
    there.cwd = folder;
    host(folder, "git init -q .");
    _result_ others = shell_line(&(struct how){.cwd = folder}, "chown -R 0:0 .git && chmod 700 .git");
    assert_status(others, 0);
    _result_ closed = berth(&there, "run", SMALL, "--", "sh", "-c", "ls .git", NULL);
    assert_int_equal(closed.status, 1);
    assert_has(closed.err, "ermission denied");
    await_settled();
    _result_ read_only = shell_line(&(struct how){.cwd = folder},
                                    "chown -R 1001:1001 .git && chmod 755 .git && mount --bind . . && "
                                    "mount -o remount,bind,ro .");
    assert_status(read_only, 0);
    struct how within = how;
    within.cwd = home;
    _result_ begun =
        berth(&within, "run", SMALL, "-w", folder, "--", "sh", "-c", "touch x || touch .git/x", NULL);
    _cleanup_free_ char *umount = str_printf("umount '%s'", folder);
    _result_ unmounted = shell_line(&(struct how){0}, umount);
    assert_status(unmounted, 0);
    assert_int_equal(begun.status, 1);
    assert_has(begun.err, "ead-only file system");
    await_settled();
    _result_ unknown = berth(&how, "guard", "no-such-session", NULL);
    assert_status(unknown, 1);
    assert_has(unknown.err, "not found");
    _result_ strict = berth(&there, "run", SMALL, "--strict", "--", "true", NULL);
    assert_status(strict, 4);
    assert_has(strict.err, "no AppArmor");
}

/* Other ways to the same files: a mount of a directory above, and another session of the workspace. */
static void test_ways(void **state) {
    (void)state;
    _cleanup_free_ char *top = new_folder("", 1001, 1001), *workspace = str_printf("%s/up/w", top),
                        *mount = str_printf("%s:/data", top);
    host(top, "mkdir -p up/w && cd up/w && git init -q .");
    _result_ above = berth(&how, "run", SMALL, "-w", workspace, "--mount", mount, "--", "sh", "-c",
                           "cd /data; echo evil >up/w/.git/hooks/evil; echo evil >>up/w/.git/config; "
                           "mv up x && cp -r x up; cd up; mv w y && cp -r y w; cd w; mv .git z; "
                           "echo evil >.git/hooks/evil; echo evil >.git/commondir; ls -d /data/up/w",
                           NULL);
    assert_status(above, 0);
    host(workspace,
         "[ ! -e .git/hooks/evil ] && ! grep -q evil .git/config && [ ! -e ../x ] && [ ! -e z ]");
    await_settled();
    char *const slow[] = {"berth",
                          "run",
                          "--image",
                          "berth-small",
                          "-w",
                          workspace,
                          "--",
                          "sh",
                          "-c",
                          "echo up; for i in $(seq 300); do [ ! -e go ] || break; sleep 0.1; done; "
                          "ls .git/commondir && echo x >.git/hooks/x",
                          NULL};
    struct child first = berth_start(&how, slow);
    child_expect(&first, "up");
    _result_ second = berth(&how, "run", SMALL, "-w", workspace, "--", "sh", "-c",
                            "echo x >.git/hooks/x || echo x >.git/config || rm .git/commondir", NULL);
    assert_int_equal(second.status, 1);
    usleep(500000); /* whatever its end would take away is away */
    host(workspace, ": >go");
    _result_ ended = child_wait(&first);
    assert_int_equal(ended.status, 1); /* what was made for both was there still */
    assert_has(ended.out, ".git/commondir");
    await_settled();
    assert_false(file_exists(workspace, ".git/commondir"));
}

/* What a workspace asks for: said, and taken only when it is trusted. */
static void test_trust(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how there = how;
    there.cwd = folder;
    host(folder, "mkdir -p ~/data && printf '[network]\\nmode = open\\n[limits]\\nmemory = 256MiB\\n"
                 "[mounts]\\n~/data = /data\\n' >.berth.ini");
    _result_ first = berth(&there, "run", "--dry-run", "--", "true", NULL);
    assert_status(first, 0);
    assert_has(first.err, "not taken: .berth.ini:2: [network] mode = open");
    assert_has(first.err, "not taken: .berth.ini:6: [mounts]");
    assert_has(first.out, "\"limits.memory\": \"256MiB\"");
    assert_has_not(first.out, "/data");
    _result_ asked = berth(&there, "trust", NULL);
    assert_status(asked, 4);
    _result_ trusted = berth(&there, "trust", "--force", NULL);
    assert_status(trusted, 0);
    _result_ second = berth(&there, "run", "--dry-run", "--", "true", NULL);
    assert_status(second, 0);
    assert_has(second.out, "\"path\": \"/data\"");
    assert_has(second.out, "\"mode\": \"open\"");
    _result_ config = berth(&there, "config", NULL);
    assert_has(config.out, ".berth.ini:2");
    host(folder, "echo >>.berth.ini");
    _result_ third = berth(&there, "run", "--dry-run", "--", "true", NULL);
    assert_has(third.err, "not taken");
    _result_ closed = berth(&there, "run", SMALL, "--", "sh", "-c", "echo x >>.berth.ini", NULL);
    assert_int_equal(closed.status, 1);
    await_settled();
}

/* Somebody looks all the time while containers are made: what was made for their guard stays. */
static void test_looked_at(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how there = how;
    there.cwd = folder;
    host(folder, "git init -q .");
    _result_ runs =
        shell_line(&there, "while [ ! -e done ]; do \"$BERTH\" list >/dev/null 2>&1; done & look=$!\n"
                           "for i in 1 2 3 4 5 6; do \"$BERTH\" run -q --image berth-small -- true || "
                           "bad=1; done; touch done; wait $look; exit ${bad:-0}");
    assert_string_equal(runs.err, "");
    assert_status(runs, 0);
    await_settled();
    assert_false(file_exists(folder, ".git/commondir"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        live_test(test_attackers), live_test(test_git_inside), live_test(test_worktrees),
        live_test(test_seen),      live_test(test_reuse),      live_test(test_secrets),
        live_test(test_race),      live_test(test_bad_input),  live_test(test_trust),
        live_test(test_home),      live_test(test_ways),       live_test(test_looked_at),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
