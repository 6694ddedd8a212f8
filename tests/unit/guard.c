/* What is found to be guarded in repositories of every kind, and what becomes of it. No git is needed. */
#include "base/path.h"
#include "guard/check.h"
#include "guard/devices.h"
#include "guard/find.h"
#include "guard/gitconfig.h"
#include "launch/trust.h"
#include "tests/harness/unit.h"

#include <stdlib.h>
#include <string.h>

struct scene {
    char *top; /* everything is below it */
    char *workspace;
    struct settings settings;
    struct mounts mounts;
    struct guard guard;
    struct error err;
};

static void run(const char *line) {
    if (system(line) != 0) /* a line of ours */
        fail_msg("%s", line);
}

static void in(const struct scene *scene, const char *line) {
    _cleanup_free_ char *whole = str_printf("cd %s && { %s; }", scene->top, line);
    run(whole);
}

static void scene_init(struct scene *scene) {
    char top[] = "/tmp/berth-guard-XXXXXX";
    *scene = (struct scene){0};
    assert_non_null(mkdtemp(top));
    scene->top = str_copy(top);
    scene->workspace = str_printf("%s/w", top);
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
    _cleanup_free_ char *state = str_printf("%s/state", top);
    setenv("XDG_STATE_HOME", state, 1);
    assert_true(settings_load(&scene->settings, &scene->err));
    in(scene, "mkdir w");
}

static void scene_done(struct scene *scene) {
    _cleanup_free_ char *line = str_printf("chmod -R u+w %s && rm -rf %s", scene->top, scene->top);
    run(line);
    settings_done(&scene->settings);
    mounts_done(&scene->mounts);
    guard_done(&scene->guard);
    error_done(&scene->err);
    free(scene->workspace);
    free(scene->top);
}

/* A repository's directory, as git makes one. */
#define REPOSITORY(path)                                                                                   \
    "mkdir -p " path "/hooks " path "/info " path "/objects " path "/refs && echo ref >" path              \
    "/HEAD && printf '[core]\\n\\tbare = false\\n' >" path "/config"

static void set(struct scene *scene, enum setting which, const char *value) {
    assert_true(settings_flag(&scene->settings, which, "--test", value, &scene->err));
}

static struct guard_input input_of(struct scene *scene) {
    return (struct guard_input){.workspace = scene->workspace,
                                .given = scene->workspace,
                                .mounts = &scene->mounts,
                                .settings = &scene->settings};
}

static bool find(struct scene *scene) {
    struct guard_input input = input_of(scene);
    guard_done(&scene->guard);
    error_done(&scene->err);
    return guard_find(&input, &scene->guard, &scene->err);
}

static void look(struct scene *scene) {
    if (!find(scene))
        fail_msg("%s", scene->err.message);
}

/* "read-only", "fixed", …; "" if the path below the top is no item. */
static const char *how(const struct scene *scene, const char *path) {
    _cleanup_free_ char *whole = str_printf("%s/%s", scene->top, path);
    for (size_t i = 0; i < scene->guard.count; i++)
        if (str_equal(scene->guard.items[i].path, whole))
            return guard_how_name(scene->guard.items[i].how);
    return "";
}

static bool warned(const struct scene *scene, const char *words) {
    for (size_t i = 0; i < scene->guard.warnings.count; i++)
        if (strstr(scene->guard.warnings.items[i], words))
            return true;
    return false;
}

/* Text with the test's own directory taken out, against the golden file. */
static void check_golden(const struct scene *scene, const char *text, const char *name) {
    _cleanup_(buffer_done) struct buffer got = {0}, wanted = {0};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *file = str_printf("tests/unit/golden/%s", name);
    for (const char *at = text, *next; *at; at = next) {
        const char *top = strstr(at, scene->top);
        next = top ? top + strlen(scene->top) : at + strlen(at);
        buffer_add(&got, at, (size_t)((top ? top : next) - at));
        buffer_text(&got, top ? "TOP" : "");
    }
    buffer_text(&got, "\n");
    if (getenv("BERTH_WRITE_GOLDEN")) { /* to be read before they are committed */
        _cleanup_fclose_ FILE *out = fopen(file, "w");
        assert_non_null(out);
        fputs(got.data, out);
        return;
    }
    if (!path_read(file, &wanted, &err))
        fail_msg("%s", err.message);
    assert_string_equal(got.data, wanted.data);
}

/* A home as the workspace: the key by which remotes know us cannot be read inside. */
static void test_key(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene;
    scene_init(&scene);
    _cleanup_free_ char *config = str_printf("%s/w/.config", scene.top);
    setenv("XDG_CONFIG_HOME", config, 1);
    in(&scene, "mkdir -p w/.config/berth && echo k >w/.config/berth/client.key && echo "
               ">w/.config/berth/config.ini");
    look(&scene);
    assert_string_equal(how(&scene, "w/.config/berth"), "read-only");
    assert_string_equal(how(&scene, "w/.config/berth/client.key"), "covered");
    in(&scene, "rm w/.config/berth/client.key");
    look(&scene);
    assert_string_equal(how(&scene, "w/.config/berth/client.key"), "");
    setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
}

static void test_repository(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene;
    scene_init(&scene);
    in(&scene,
       REPOSITORY("w/.git") " && mkdir w/.vscode w/.claude && echo '{}' >w/.claude/settings.json && "
                            "echo 'A=1' >w/.env && mkdir w/keys && echo k >w/keys/'a b.pem'");
    set(&scene, SETTING_SECRET_PATHS, ".env, keys/*.pem");
    look(&scene);
    assert_string_equal(how(&scene, "w/.git"), "fixed");
    assert_string_equal(how(&scene, "w/.git/hooks"), "read-only");
    assert_string_equal(how(&scene, "w/.git/config"), "read-only");
    assert_string_equal(how(&scene, "w/.git/config.worktree"), "read-only");
    assert_string_equal(how(&scene, "w/.git/commondir"), "read-only");
    assert_string_equal(how(&scene, "w/.git/info"), "fixed");
    assert_string_equal(how(&scene, "w/.git/info/attributes"), "read-only");
    assert_string_equal(how(&scene, "w/.git/modules"), "watched");
    assert_string_equal(how(&scene, "w/.claude"), "fixed");
    assert_string_equal(how(&scene, "w/.claude/settings.json"), "read-only");
    assert_string_equal(how(&scene, "w/.claude/settings.local.json"), "watched");
    assert_string_equal(how(&scene, "w/.vscode"), "read-only");
    assert_string_equal(how(&scene, "w/.idea"), "watched");
    assert_string_equal(how(&scene, "w/.env"), "covered");
    assert_string_equal(how(&scene, "w/keys"), "fixed");
    assert_string_equal(how(&scene, "w/keys/a b.pem"), "covered");

    _cleanup_json_ json_t *devices = guard_devices(&scene.guard, true, "EMPTY");
    _cleanup_free_ char *text = json_pretty(devices), *rules = guard_apparmor(&scene.guard);
    _cleanup_(strings_done) struct strings lines = {0};
    check_golden(&scene, text, "guard-devices.json");
    check_golden(&scene, rules, "guard-apparmor");
    guard_expected_mounts(&scene.guard, &lines);
    _cleanup_free_ char *mounts = strings_join(&lines, "\n");
    check_golden(&scene, mounts, "guard-mounts");
}

static void test_parts(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene;
    scene_init(&scene);
    in(&scene, REPOSITORY("w/.git") " && " REPOSITORY(
                   "w/.git/modules/libs/one") " && printf '\\tworktree = ../../../../libs/one\\n' "
                                              ">>w/.git/modules/libs/one/config && "
                                              "mkdir -p w/libs/one && echo 'gitdir: "
                                              "../../.git/modules/libs/one' >w/libs/one/.git");
    in(&scene, "mkdir -p w/.git/worktrees/in w/.git/worktrees/out w/trees/in && "
               "echo \"$PWD/w/trees/in/.git\" >w/.git/worktrees/in/gitdir && "
               "echo /elsewhere/.git >w/.git/worktrees/out/gitdir && "
               "for w in in out; do echo ../.. >w/.git/worktrees/$w/commondir; done && "
               "echo \"gitdir: $PWD/w/.git/worktrees/in\" >w/trees/in/.git");
    in(&scene,
       REPOSITORY("w/nested/.git") " && mkdir -p w/tools/hooks w/shared && : >w/shared/gitconfig && "
                                   "printf '\\thooksPath = tools/hooks\\n[include]\\n"
                                   "path = ../shared/gitconfig\\n' >>w/.git/config");
    look(&scene);
    assert_string_equal(how(&scene, "w/.git/modules"), "fixed");
    assert_string_equal(how(&scene, "w/.git/modules/libs"), "fixed");
    assert_string_equal(how(&scene, "w/.git/modules/libs/one"), "fixed");
    assert_string_equal(how(&scene, "w/.git/modules/libs/one/hooks"), "read-only");
    assert_string_equal(how(&scene, "w/.git/modules/libs/one/config"), "read-only");
    assert_string_equal(how(&scene, "w/libs/one"), "fixed");
    assert_string_equal(how(&scene, "w/libs/one/.git"), "read-only");
    assert_string_equal(how(&scene, "w/.git/worktrees/in"), "fixed");
    assert_string_equal(how(&scene, "w/.git/worktrees/in/config.worktree"), "read-only");
    assert_string_equal(how(&scene, "w/.git/worktrees/in/gitdir"), "read-only");
    assert_string_equal(how(&scene, "w/trees/in/.git"), "read-only");
    assert_string_equal(how(&scene, "w/.git/worktrees/out"), "read-only");
    assert_string_equal(how(&scene, "w/nested/.git/hooks"), "read-only");
    assert_string_equal(how(&scene, "w/tools"), "fixed");
    assert_string_equal(how(&scene, "w/tools/hooks"), "read-only");
    assert_string_equal(how(&scene, "w/shared/gitconfig"), "read-only");
    /* 10,000 submodules */
    in(&scene, "rm -r w/.git/modules && cd w/.git && mkdir modules && cd modules && seq -f m%.0f 10000 | "
               "xargs mkdir && for m in m*; do echo ref >$m/HEAD; done");
    look(&scene);
    assert_string_equal(how(&scene, "w/.git/modules"), "read-only");
    assert_true(warned(&scene, "more than 16 submodules"));
}

static void test_worktree(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene;
    scene_init(&scene);
    in(&scene,
       REPOSITORY("main/.git") " && mkdir -p main/.git/worktrees/w main/.git/worktrees/other && "
                               "echo \"gitdir: $PWD/main/.git/worktrees/w\" >w/.git && "
                               "echo \"$PWD/w/.git\" >main/.git/worktrees/w/gitdir && "
                               "echo ../.. >main/.git/worktrees/w/commondir && rm -r main/.git/hooks");
    look(&scene);
    assert_int_equal(scene.guard.root_count, 2);
    _cleanup_free_ char *common = str_printf("%s/main/.git", scene.top);
    assert_string_equal(scene.guard.roots[1].source, common);
    assert_string_equal(scene.guard.roots[1].inside, common);
    assert_string_equal(how(&scene, "w/.git"), "read-only");
    assert_string_equal(how(&scene, "main/.git/hooks"), "read-only");
    assert_string_equal(how(&scene, "main/.git/config"), "read-only");
    assert_string_equal(how(&scene, "main/.git/worktrees"), "read-only");
    assert_string_equal(how(&scene, "main/.git/worktrees/w"), "fixed");
    assert_string_equal(how(&scene, "main/.git/worktrees/w/config.worktree"), "read-only");
    assert_string_equal(how(&scene, "main/.git/worktrees/w/commondir"), "read-only");
    assert_string_equal(how(&scene, "main/.git/worktrees/w/gitdir"), "replaced");
    guard_drop_common(&scene.guard, "it may not be");
    assert_int_equal(scene.guard.root_count, 1);
    assert_string_equal(how(&scene, "main/.git/config"), "");
    assert_true(warned(&scene, "it may not be"));
    /* a relative pointer leads to where the common directory is mounted */
    in(&scene, "echo 'gitdir: ../main/.git/worktrees/w' >w/.git");
    look(&scene);
    assert_string_equal(scene.guard.roots[1].inside, "/main/.git");
}

/* What cannot be believed mounts nothing, and is named. */
static void test_forged(void **state) {
    static const struct {
        const char *line, *words;
    } rows[] = {
        {"echo 'gitdir: /etc' >w/.git", "no directory of a linked worktree"},
        {"mkdir -p ssh && echo \"gitdir: $PWD/ssh\" >w/.git", "no directory of a linked worktree"},
        {"echo 'gitdir: /etc/worktrees/x' >w/.git", "directory of the system's"},
        {"mkdir -p ssh/worktrees/x && echo \"gitdir: $PWD/ssh/worktrees/x\" >w/.git", "no repository"},
        {"echo garbage >w/.git", "without a line"},
        {"head -c 5000 /dev/zero | tr '\\0' a | sed 's/^/gitdir: /' >w/.git", "without a line"},
        {"printf 'gitdir: /a\\nb' >w/.git", "without a line"},
        {": >w/.git", "without a line"},
        {"echo 'gitdir: .git' >w/.git", "no directory of a linked worktree"},
        {"echo 'gitdir: ../nowhere/worktrees/x' >w/.git", "leads nowhere"},
        {"echo 'gitdir: ../sup/.git/modules/w' >w/.git", "a submodule's"},
        {"mkdir -p w/e/worktrees/x && echo 'gitdir: e/worktrees/x' >w/.git", "the workspace itself"},
        /* another worktree's directory, of a repository that is real */
        {REPOSITORY("main/.git") " && mkdir -p main/.git/worktrees/v && echo /v/.git "
                                 ">main/.git/worktrees/v/gitdir && echo ../.. "
                                 ">main/.git/worktrees/v/commondir && echo 'gitdir: "
                                 "../main/.git/worktrees/v' >w/.git",
         "not this one"},
        /* a link within the repository */
        {REPOSITORY("main/.git") " && mkdir -p main/.git/worktrees other/v && echo \"$PWD/w/.git\" "
                                 ">other/v/gitdir && echo ../.. >other/v/commondir && rm -rf "
                                 "main/.git/worktrees/v && ln -s ../../../other/v main/.git/worktrees/v "
                                 "&& echo 'gitdir: ../main/.git/worktrees/v' >w/.git",
         "not this one"},
    };
    (void)state;
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_(scene_done) struct scene scene;
        scene_init(&scene);
        in(&scene, rows[i].line);
        look(&scene);
        assert_int_equal(scene.guard.root_count, 1);
        if (!warned(&scene, rows[i].words))
            fail_msg("%s: %s", rows[i].line,
                     scene.guard.warnings.count ? scene.guard.warnings.items[0] : "");
        assert_string_equal(how(&scene, "w/.git"), "read-only");
    }
}

/* What is neither a file nor a directory is refused by its name, and never followed. */
static void test_links(void **state) {
    static const struct {
        const char *line, *path;
    } rows[] = {
        {"ln -s /etc w/.vscode", "w/.vscode is a symbolic link"},
        {"ln -s /etc w/.git", "w/.git is a symbolic link"},
        {"mkfifo w/.envrc", "w/.envrc is neither"},
        {"mkdir w/.claude && ln -s /etc/passwd w/.claude/settings.json",
         "settings.json is a symbolic link"},
        {"ln -s /etc w/.claude", "w/.claude/settings.json is a symbolic link"},
        {REPOSITORY("w/.git") " && rm -r w/.git/hooks && ln -s /etc w/.git/hooks", "hooks is a symbolic"},
        {REPOSITORY("w/.git") " && ln -s /etc w/.git/modules", "modules is a symbolic link"},
        {REPOSITORY("w/.git") " && rm -r w/.git/info && ln -s /etc w/.git/info", "info is a symbolic link"},
        {REPOSITORY("w/.git") " && mkdir -p w/.git/worktrees/x && ln -s /etc w/.git/worktrees/x/commondir "
                              "&& echo \"$PWD/w/x/.git\" >w/.git/worktrees/x/gitdir",
         "commondir is a symbolic"},
    };
    (void)state;
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_(scene_done) struct scene scene;
        scene_init(&scene);
        in(&scene, rows[i].line);
        if (find(&scene))
            fail_msg("%s", rows[i].line);
        assert_int_equal(scene.err.class, ERROR_REFUSED);
        if (!strstr(scene.err.message, rows[i].path))
            fail_msg("%s: %s", rows[i].line, scene.err.message);
    }
    /* what is our own and closed could be opened by the session */
    _cleanup_(scene_done) struct scene closed;
    scene_init(&closed);
    in(&closed, REPOSITORY("w/.git") " && chmod 0 w/.git");
    assert_int_equal(find(&closed), geteuid() == 0); /* to root nothing is closed */
    in(&closed, "chmod 755 w/.git");
    /* but left writable, it is none of the guard's business */
    _cleanup_(scene_done) struct scene scene;
    scene_init(&scene);
    in(&scene, "ln -s /etc w/.vscode");
    set(&scene, SETTING_GUARD_WRITABLE, ".vscode");
    look(&scene);
    assert_true(scene.guard.writable);
    assert_string_equal(how(&scene, "w/.vscode"), "");
    set(&scene, SETTING_GUARD_PATHS, "../x");
    assert_false(find(&scene));
    assert_non_null(strstr(scene.err.message, "../x"));
}

/* A mount of a parent shows everything a second time, and every step to it is fixed. */
static void test_mounts(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene;
    scene_init(&scene);
    in(&scene, "mkdir -p up/by && mv w up/by/w && " REPOSITORY("up/by/w/.git"));
    free(scene.workspace);
    scene.workspace = str_printf("%s/up/by/w", scene.top);
    _cleanup_free_ char *text = str_printf("%s/up:/data", scene.top);
    assert_true(mounts_add(&scene.mounts, "--mount", text, &scene.err));
    look(&scene);
    assert_string_equal(how(&scene, "up/by"), "fixed");
    assert_string_equal(how(&scene, "up/by/w"), "fixed");
    _cleanup_json_ json_t *devices = guard_devices(&scene.guard, false, "EMPTY");
    _cleanup_free_ char *all = json_dumps(devices, JSON_COMPACT);
    assert_non_null(strstr(all, "\"/data/by/w/.git/hooks\""));
    assert_non_null(strstr(all, "\"/workspace/.git/hooks\""));
    assert_non_null(strstr(all, "\"path\":\"/data/by\""));
    /* a mount of what is protected would be another way to it */
    _cleanup_free_ char *hooks = str_printf("%s/.git/hooks:/hooks", scene.workspace);
    assert_true(mounts_add(&scene.mounts, "--mount", hooks, &scene.err));
    assert_false(find(&scene));
    assert_int_equal(scene.err.class, ERROR_REFUSED);
}

static void test_secrets(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene;
    scene_init(&scene);
    in(&scene,
       "cd w && mkdir -p a/b secrets/x && : >a/b/k.pem && : >k.pem && : >secrets/x/y && : >.env.local "
       "&& ln -s /etc/passwd .env && : >ordinary");
    set(&scene, SETTING_SECRET_PATHS, "**/*.pem, secrets/**, .env, .env.*");
    look(&scene);
    assert_string_equal(how(&scene, "w/k.pem"), "covered");
    assert_string_equal(how(&scene, "w/a/b/k.pem"), "covered");
    assert_string_equal(how(&scene, "w/a/b"), "fixed");
    assert_string_equal(how(&scene, "w/.env.local"), "covered");
    assert_string_equal(how(&scene, "w/secrets"), "covered");
    assert_string_equal(how(&scene, "w/ordinary"), "");
    assert_true(warned(&scene, ".env is a symbolic link"));
}

static void note(void *data, const char *section, const char *subsection, const char *name,
                 const char *value) {
    buffer_printf(data, "%s|%s|%s|%s\n", section, subsection ? subsection : "-", name, value);
}

static void test_gitconfig(void **state) {
    static const char text[] = "; a comment\n"
                               "[Core]\n\tHooksPath = \"a b\" c # x\n\tbare\n"
                               "[includeIf \"gitdir:~/x\\\"y\"] path = x\\\n y ; no\n"
                               "[branch.old]\nk=\"q\\\"\\n;\"  \r\n";
    (void)state;
    _cleanup_(buffer_done) struct buffer got = {0}, rest = {0};
    assert_true(gitconfig_read(text, strlen(text), note, &got));
    assert_string_equal(got.data, "core|-|hookspath|a b c\n"
                                  "core|-|bare|true\n"
                                  "includeif|gitdir:~/x\"y|path|x y\n"
                                  "branch.old|-|k|q\"\n;\n");
    assert_false(gitconfig_read("[a", 2, note, &rest));
    assert_false(gitconfig_read("k = v\n", 6, note, &rest));
    assert_false(gitconfig_read("[a]\nk = \"v\n", 11, note, &rest));
    assert_false(gitconfig_read("[a]\nk = \\q\n", 11, note, &rest));
}

static struct changes changes_of(const struct baseline *baseline) {
    _cleanup_(error_done) struct error err = {0};
    struct changes changes = {0};
    if (!changes_find(baseline, &changes, &err))
        fail_msg("%s", err.message);
    return changes;
}

/* Noted, made, changed, restored, settled. */
static void test_course(void **state) {
    (void)state;
    _cleanup_(scene_done) struct scene scene;
    _cleanup_(baseline_done) struct baseline baseline = {0};
    scene_init(&scene);
    in(&scene, REPOSITORY("w/.git"));
    look(&scene);
    struct guard_input input = input_of(&scene);
    assert_true(baseline_load(scene.workspace, &baseline, &scene.err));
    assert_null(baseline.workspace);
    _cleanup_free_ char *id = check_id("/socket", "default", "coi-x-1"),
                        *other = check_id("/socket", "other", "coi-x-1");
    check_remember(&baseline, id, false);
    assert_true(check_begin(&baseline, &input, &scene.guard, &scene.err));
    in(&scene, "[ -f w/.git/config.worktree ] && [ \"$(cat w/.git/commondir)\" = . ]");
    baseline_done(&baseline);

    /* what was made for it is no change; what a session does is */
    assert_true(baseline_load(scene.workspace, &baseline, &scene.err));
    struct changes changes = changes_of(&baseline);
    assert_int_equal(changes.count, 0);
    changes_done(&changes);
    in(&scene, "echo evil >>w/.git/config && echo x >w/.git/hooks/post-merge && mkdir w/.husky && "
               ": >w/.husky/a && : >w/.husky/b && ln -s /etc w/.idea && echo x >w/.git/config.worktree");
    changes = changes_of(&baseline);
    assert_int_equal(changes.count, 5);
    assert_string_equal(guard_shown(&changes.guard, changes.items[0].path), ".git/config");
    assert_int_equal(changes.items[0].kind, CHANGE_CHANGED);
    assert_string_equal(guard_shown(&changes.guard, changes.items[1].path), ".git/config.worktree");
    assert_string_equal(guard_shown(&changes.guard, changes.items[2].path), ".git/hooks/post-merge");
    assert_string_equal(guard_shown(&changes.guard, changes.items[3].path), ".husky");
    assert_string_equal(guard_shown(&changes.guard, changes.items[4].path), ".idea");
    _cleanup_(strings_done) struct strings lines = {0};
    change_lines(&baseline, &changes.items[0], 10, &lines);
    assert_int_equal(lines.count, 1);
    assert_string_equal(lines.items[0], "+evil");
    for (size_t i = 0; i < changes.count; i++)
        if (!change_restore(&baseline, &changes.items[i], "aside", &scene.err))
            fail_msg("%s", scene.err.message);
    changes_done(&changes);
    in(&scene, "[ ! -e w/.husky ] && [ ! -e w/.git/hooks/post-merge ] && [ -e w/aside/.husky/b ] && "
               "grep -q evil w/aside/.git-config && ! grep -q evil w/.git/config");
    changes = changes_of(&baseline);
    assert_int_equal(changes.count, 0);
    changes_done(&changes);
    baseline_done(&baseline);

    /* with the last session everything goes */
    size_t changed = 0;
    assert_true(check_end(other, &changed, &scene.err));
    in(&scene, "[ -e w/.git/commondir ]"); /* another project's session of that name is another one */
    assert_true(check_end(id, &changed, &scene.err));
    assert_int_equal(changed, 0);
    in(&scene, "[ ! -e w/.git/commondir ] && [ ! -e w/.git/info/attributes ] && "
               "[ -z \"$(ls state/berth/guard | grep -v lock)\" ]");
}

static bool lists(const struct strings *lines, const char *words) {
    for (size_t i = 0; i < lines->count; i++)
        if (strstr(lines->items[i], words))
            return true;
    return false;
}

/* What a workspace asks for: less is taken, more is not before somebody has said so, for this very file. */
static void test_trust(void **state) {
    static const struct {
        const char *section, *key, *value;
        enum setting which;
        const char *now;
        bool taken;
    } rows[] = {
        {"limits", "memory", "1GiB", SETTING_MEMORY, NULL, true},
        {"limits", "memory", "1GiB", SETTING_MEMORY, "2GB", true},
        {"limits", "memory", "4GiB", SETTING_MEMORY, "2GB", false},
        {"limits", "memory", "50%", SETTING_MEMORY, "2GB", false},
        {"limits", "cpu", "2", SETTING_CPU, "4", true},
        {"limits", "cpu", "0-7", SETTING_CPU, "4", false},
        {"network", "mode", "none", SETTING_NETWORK, "restricted", true},
        {"network", "mode", "restricted", SETTING_NETWORK, "none", false},
        {"network", "mode", "open", SETTING_NETWORK, "restricted", false},
        {"network", "allow", "10.0.0.1", SETTING_ALLOW, NULL, false},
        {"network", "publish", "80", SETTING_PUBLISH, NULL, false},
        {"guard", "paths", "Makefile", SETTING_GUARD_PATHS, "a", true},
        {"guard", "writable", ".git/config", SETTING_GUARD_WRITABLE, NULL, false},
        {"guard", "root", "deny", SETTING_GUARD_ROOT, NULL, true},
        {"guard", "root", "allow", SETTING_GUARD_ROOT, "deny", false},
        {"guard", "changed", "warn", SETTING_GUARD_CHANGED, NULL, false},
        {"container", "image", "other", SETTING_IMAGE, NULL, false},
        {"tool", "command", "claude", SETTING_TOOL, NULL, true},
        {"mounts", "/srv", "/data", SETTINGS_COUNT, NULL, false},
    };
    (void)state;
    for (size_t i = 0; i < array_length(rows); i++) {
        _cleanup_(scene_done) struct scene scene;
        _cleanup_(asked_done) struct asked asked = {0}, trusted = {0}, changed = {0};
        scene_init(&scene);
        _cleanup_free_ char *line = str_printf("printf '%%s\\n' '[%s]' '%s = %s' >w/.berth.ini",
                                               rows[i].section, rows[i].key, rows[i].value);
        in(&scene, line);
        /* the configuration file's: a flag would win in any case */
        if (rows[i].now)
            str_set(&scene.settings.values[rows[i].which].text, rows[i].now);
        if (!trust_apply(scene.workspace, &scene.settings, &asked, &scene.err))
            fail_msg("%s", scene.err.message);
        if ((asked.taken.count == 1) != rows[i].taken || asked.taken.count + asked.refused.count != 1)
            fail_msg("%s = %s beside %s", rows[i].key, rows[i].value,
                     rows[i].now ? rows[i].now : "nothing");
        assert_true(lists(rows[i].taken ? &asked.taken : &asked.refused, ".berth.ini:2: ["));
        assert_true(trust_set(scene.workspace, true, &scene.err));
        assert_true(trust_apply(scene.workspace, &scene.settings, &trusted, &scene.err));
        assert_true(trusted.trusted);
        assert_int_equal(trusted.refused.count, 0);
        in(&scene, "echo >>w/.berth.ini");
        if (!rows[i].taken && rows[i].which == SETTINGS_COUNT) {
            assert_true(trust_apply(scene.workspace, &scene.settings, &changed, &scene.err));
            assert_false(changed.trusted);
        }
    }
    static const struct {
        const char *line, *words;
    } bad[] = {
        {"printf '[incus]\\nproject = x\\n' >w/.berth.ini", "a workspace cannot set [incus] project"},
        {"printf '[container]\\npre_start = /x\\n' >w/.berth.ini", "a workspace cannot set"},
        {"printf '[profile a]\\nimage = x\\n' >w/.berth.ini", "no profiles"},
        {"printf '[limits]\\nmemory = much\\n' >w/.berth.ini", ".berth.ini:2: memory"},
        {"ln -s /etc/passwd w/.berth.ini", "is a symbolic link"},
        {"head -c 70000 /dev/zero >w/.berth.ini", "no text file"},
    };
    for (size_t i = 0; i < array_length(bad); i++) {
        _cleanup_(scene_done) struct scene scene;
        _cleanup_(asked_done) struct asked asked = {0};
        scene_init(&scene);
        in(&scene, bad[i].line);
        assert_false(trust_apply(scene.workspace, &scene.settings, &asked, &scene.err));
        if (!strstr(scene.err.message, bad[i].words))
            fail_msg("%s: %s", bad[i].line, scene.err.message);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),       cmocka_unit_test(test_repository),
        cmocka_unit_test(test_parts),     cmocka_unit_test(test_worktree),
        cmocka_unit_test(test_forged),    cmocka_unit_test(test_links),
        cmocka_unit_test(test_mounts),    cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_gitconfig), cmocka_unit_test(test_course),
        cmocka_unit_test(test_trust),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
