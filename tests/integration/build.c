/* Images from recipes: what goes into them, what happens to those that fail, and to whom nothing happens.
 */
#include "tests/harness/world.h"

#include <signal.h>
#include <string.h>

static char *folder; /* of the recipes */

static void write_in(const char *name, mode_t mode, const char *content) {
    _cleanup_free_ char *path = str_printf("%s/%s", folder, name);
    write_file(path, mode, content);
}

static void remove_images(void) {
    _result_ listed = incus_command("image", "list", "-f", "csv", "-c", "lF", NULL);
    char *rest = listed.out;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *alias = strsep(&line, ",");
        bool ours = line && (str_starts(alias, "t-") || !*alias);
        if (!ours)
            continue;
        _result_ removed = incus_command("image", "delete", line, NULL);
    }
}

static int setup(void **state) {
    int bad = world_setup(state);
    free(folder);
    folder = world_folder("recipes");
    remove_images();
    return bad;
}

static int teardown(void **state) {
    remove_images();
    return world_teardown(state);
}
#define build_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

static char *recipe_path(const char *name) {
    return str_printf("%s/%s", folder, name);
}

static struct result build(const char *alias, const char *file, const char *flag) {
    _cleanup_free_ char *path = recipe_path(file);
    return berth(&world.how, "build", alias, "--file", path, flag, NULL);
}

/* What "berth run" of the image says to a line of sh's. Caller owns. */
static char *in_image(const char *alias, const char *line) {
    _result_ run = berth(&world.how, "run", "-q", "--image", alias, "--", "sh", "-c", line, NULL);
    assert_status(run, 0);
    return str_copy(run.out);
}

static void assert_no_alias(const char *alias) {
    _result_ exists = berth(&world.how, "image", "exists", alias, NULL);
    assert_status(exists, 1);
}

static char *fingerprint_of(const char *alias) {
    _result_ result = incus_command("image", "list", alias, "-f", "csv", "-c", "F", NULL);
    return str_copy_n(result.out, strcspn(result.out, "\n"));
}

static char *builds(void) {
    _result_ listed = incus_command("list", "-f", "csv", "-c", "n", NULL);
    const char *at = strstr(listed.out, "build-");
    return at ? str_copy(at) : NULL;
}

/* Everything that a recipe may say, in the image that it makes; again nothing is done, and something is
 * when something changed. */
static void test_whole(void **state) {
    (void)state;
    write_in("whole.ini", 0644,
             "[image]\nbase = berth-small\nuser = code\nrequires = sh, ls\nscript = set-up\n"
             "description = a whole one\nrun = echo one >/etc/run\nrun = echo two >>/etc/run\n"
             "[files]\nmotd = /etc/deep/er/motd:0644\ntool = /usr/bin/tool:0755\n");
    write_in("motd", 0644, "welcome\n");
    write_in("tool", 0644, "#!/bin/sh\necho a tool\n");
    write_in("set-up", 0644,
             "#!/bin/sh\necho said by the script; id -u >/etc/who; cat /etc/deep/er/motd\n");
    _result_ built = build("t-whole", "whole.ini", NULL);
    assert_status(built, 0);
    assert_has(built.out, "Image t-whole built: ");
    assert_has(built.err, "said by the script\nwelcome\n");
    _cleanup_free_ char *out =
        in_image("t-whole", "cat /etc/run /etc/who /etc/deep/er/motd; tool; ls -A /root; id -u");
    assert_string_equal(out, "one\ntwo\n0\nwelcome\na tool\n1000\n");
    _result_ images = berth(&world.how, "images", NULL);
    assert_has(images.out, "a whole one");
    _cleanup_free_ char *first = fingerprint_of("t-whole"), *none = builds();
    assert_null(none);
    _result_ again = build("t-whole", "whole.ini", NULL);
    assert_status(again, 0);
    assert_has(again.out, "Image t-whole is unchanged: ");
    write_in("motd", 0644, "welcome again\n");
    _result_ changed = build("t-whole", "whole.ini", NULL);
    assert_status(changed, 0);
    assert_has(changed.out, "Image t-whole built: ");
    _cleanup_free_ char *second = fingerprint_of("t-whole"),
                        *now = in_image("t-whole", "cat /etc/deep/er/motd");
    assert_string_equal(now, "welcome again\n");
    _result_ old = incus_command("image", "list", "-f", "csv", "-c", "F", NULL);
    assert_has_not(old.out, first); /* it was berth's, and nothing is called so any more */
    _result_ forced = build("t-whole", "whole.ini", "--force");
    assert_status(forced, 0);
    _cleanup_free_ char *third = fingerprint_of("t-whole");
    assert_string_not_equal(second, third);
}

/* Somebody else's image loses its name to a new one, and stays. */
static void test_others_image(void **state) {
    (void)state;
    _result_ base = incus_command("image", "list", "berth-small", "-f", "csv", "-c", "F", NULL);
    _cleanup_free_ char *fingerprint = str_copy_n(base.out, strcspn(base.out, "\n"));
    _result_ alias = incus_command("image", "alias", "create", "t-theirs", fingerprint, NULL);
    write_in("set-up", 0644, "true\n");
    _cleanup_free_ char *script = recipe_path("set-up");
    _result_ built =
        berth(&world.how, "build", "t-theirs", "--base", "berth-small", "--script", script, NULL);
    assert_status(built, 0);
    _cleanup_free_ char *now = fingerprint_of("t-theirs"), *small = fingerprint_of("berth-small");
    assert_string_not_equal(now, fingerprint);
    assert_string_equal(small, fingerprint);
}

/* Packages come from where the image's package manager finds them: here a repository among the files. */
static void test_packages(void **state) {
    (void)state;
    _cleanup_free_ char *line = str_printf(
        "cd '%s' && mkdir -p p/DEBIAN p/usr/bin && printf 'Package: t-hello\\nVersion: 1\\nArchitecture: "
        "all\\n"
        "Maintainer: t <t@example.org>\\nDescription: t\\n' >p/DEBIAN/control && "
        "printf '#!/bin/sh\\necho hello from a package\\n' >p/usr/bin/t-hello && chmod 755 "
        "p/usr/bin/t-hello && "
        "dpkg-deb --root-owner-group -b p t-hello.deb >/dev/null && "
        "{ dpkg-deb -f t-hello.deb; printf 'Filename: ./t-hello.deb\\nSize: %%s\\nSHA256: %%s\\n' "
        "\"$(stat -c %%s t-hello.deb)\" \"$(sha256sum t-hello.deb | cut -d' ' -f1)\"; } >Packages",
        folder);
    _result_ made = shell_line(&(struct how){0}, line);
    assert_status(made, 0);
    write_in("sources", 0644, "deb [trusted=yes] file:/srv/repo ./\n");
    write_in("packages.ini", 0644,
             "[image]\nbase = coi\npackages = t-hello\nrequires = t-hello, tmux\nuser = code\nsudo = yes\n"
             "run = rm -rf /srv/repo\n"
             "[files]\nt-hello.deb = /srv/repo/t-hello.deb\nPackages = /srv/repo/Packages\n"
             "sources = /etc/apt/sources.list\n");
    _result_ built = build("t-packages", "packages.ini", NULL);
    assert_status(built, 0);
    _cleanup_free_ char *out =
        in_image("t-packages", "t-hello; sudo -n id -u 2>/dev/null; cat /etc/machine-id | wc -c");
    assert_string_equal(out, "hello from a package\n0\n33\n"); /* an id of its own, made at its start */
}

/* What fails leaves nothing, the old image its name; --keep leaves the container. */
static void test_failures(void **state) {
    (void)state;
    static const struct {
        const char *recipe;
        int status;
        const char *said;
    } rows[] = {
        {"[image]\nbase = berth-small\nrun = exit 7\n", 1, "exit 7 ended with status 7"},
        {"[image]\nbase = berth-small\nrequires = nonesuch\n", 1, "nonesuch is not there"},
        {"[image]\nbase = berth-small\nsudo = yes\n", 1, "sudo is not there"},
        {"[image]\nbase = berth-small\npackages = x\n", 1, "installing the packages ended with status 1"},
        {"[image]\nbase = nonesuch\n", 1, "image \"nonesuch\" not found"},
        {"[image]\nbase = berth-small\nscript = gone\n", 1, "cannot read gone"},
        {"[image]\nbase = berth-small\n[files]\ngone = /x\n", 1, "cannot read gone"},
        {"[image]\nbase = berth-small\n[files]\nx = relative\n", 2,
         "r.ini:4: \"relative\" is not an absolute path"},
        {"[image]\nbase = berth-small\n[files]\nx = /a:9\n", 2,
         "r.ini:4: \"/a:9\" is not an absolute path"},
        {"[image]\nbas = berth-small\n", 2, "r.ini:2: unknown key \"bas\""},
        {"[imag]\nbase = berth-small\n", 2, "r.ini:2: unknown section [imag]"},
        {"[image]\nbase = berth-small\npackages = -o, x\n", 2, "\"-o\" is no name of one"},
        {"[image]\nbase = berth-small\npackages = a;b $(c)\nuser = ../x\n", 2,
         "\"../x\" is no user's name"},
        {"[image]\nrun = true\n", 2, "a base is missing"},
        {"[image]\nbase = t-old\n", 2, "image t-old cannot be its own base"},
        {"[image]\nbase = berth-small\nrun = true ; false\n", 2, "r.ini:3: \" ;\" begins a comment"},
        {"nonsense\n", 2, "r.ini:1: neither [section] nor key = value"},
    };
    write_in("r.ini", 0644, "[image]\nbase = berth-small\n");
    _result_ good = build("t-old", "r.ini", NULL);
    assert_status(good, 0);
    _cleanup_free_ char *before = fingerprint_of("t-old");
    for (size_t i = 0; i < array_length(rows); i++) {
        write_in("r.ini", 0644, rows[i].recipe);
        _result_ bad = build("t-old", "r.ini", "-q");
        assert_status(bad, rows[i].status);
        assert_has(bad.err, rows[i].said);
        _cleanup_free_ char *left = builds(), *after = fingerprint_of("t-old");
        assert_null(left);
        assert_string_equal(after, before);
    }
    write_in("r.ini", 0644, "[image]\nbase = berth-small\nrun = echo here >/root/look; exit 3\n");
    _result_ kept = build("t-new", "r.ini", "--keep");
    assert_status(kept, 1);
    _cleanup_free_ char *left = builds();
    assert_non_null(left);
    assert_has(kept.err, "was kept");
    assert_no_alias("t-new");
    write_in("r.ini", 0644, "[image]\nbase = berth-small\n");
    _result_ next = build("t-new", "r.ini", NULL); /* takes its place */
    assert_status(next, 0);
    _cleanup_free_ char *none = builds();
    assert_null(none);
}

/* Waits until nothing of it is left: what kills berth is seen to by its reaper. */
static void assert_nothing_left(void) {
    for (int64_t end = loop_now() + 20000;;) {
        _cleanup_free_ char *left = builds();
        if (!left)
            return;
        if (loop_now() > end)
            fail_msg("left: %s", left);
    }
}

/* Interrupted at ten points, by a signal that can be handled and one that cannot. */
static void test_interrupted(void **state) {
    (void)state;
    _cleanup_free_ char *path = recipe_path("slow.ini");
    char *const arguments[] = {"berth", "build", "-q", "t-slow", "--file", path, "--force", NULL};
    write_in("slow.ini", 0644,
             "[image]\nbase = berth-small\nuser = code\nrun = sleep 0.3\nrun = sleep 0.3\n");
    _result_ good = build("t-slow", "slow.ini", NULL);
    assert_status(good, 0);
    int64_t began = loop_now();
    _result_ again = build("t-slow", "slow.ini", "--force");
    assert_status(again, 0);
    long whole = (long)(loop_now() - began);
    for (long i = 0; i < 10; i++) {
        _cleanup_(error_done) struct error err = {0};
        struct child child = berth_start(&world.how, arguments);
        assert_true(loop_pause(daemon_loop(), whole * i / 10, &err));
        kill(child.pid, i % 2 ? SIGKILL : SIGINT);
        _result_ ended = child_wait(&child);
        assert_nothing_left();
        /* the name stands for a whole image */
        _cleanup_free_ char *out = in_image("t-slow", "id -un");
        assert_string_equal(out, "code\n");
    }
    _result_ images = incus_command("image", "list", "-f", "csv", "-c", "lF", NULL);
    print_message("# after ten interruptions:\n%s", images.out);
}

/* A root filesystem in a directory, and one in a tar file; what is not there, or a workspace's, is refused.
 */
static void test_directory(void **state) {
    (void)state;
    _cleanup_free_ char *line =
        str_printf("cd '%s' && mkdir -p root tar && root='%s/root' && "
                   "mkdir -p $root/bin $root/sbin $root/etc $root/dev $root/proc $root/sys "
                   "$root/run $root/tmp $root/root $root/usr/bin && "
                   "cp /bin/busybox $root/bin/ && for a in sh id cat mkdir dirname rm head "
                   "chown sleep poweroff; do ln -sf busybox $root/bin/$a; done && "
                   "ln -sf ../bin/busybox $root/sbin/init && "
                   "echo root:x:0:0:root:/root:/bin/sh >$root/etc/passwd && "
                   "echo root:x:0: >$root/etc/group && "
                   "echo it >$root/etc/it && tar -C root -cf tar/rootfs.tar .",
                   folder, folder);
    _result_ made = shell_line(&(struct how){0}, line);
    assert_status(made, 0);
    static const char *const bases[] = {"./root", "./tar"};
    for (size_t i = 0; i < array_length(bases); i++) {
        _cleanup_free_ char *text = str_printf("[image]\nbase = %s\nuser = code\n", bases[i]);
        write_in("r.ini", 0644, text);
        _result_ built = build("t-directory", "r.ini", NULL), again = build("t-directory", "r.ini", NULL);
        assert_status(built, 0);
        assert_has(again.out, "is unchanged");
        _cleanup_free_ char *out = in_image("t-directory", "cat /etc/it; id -u");
        assert_string_equal(out, "it\n1000\n");
    }
    write_in("r.ini", 0644, "[image]\nbase = ./none\n");
    _result_ none = build("t-directory", "r.ini", NULL);
    assert_status(none, 1);
    assert_has(none.err, "./none is no directory");
}

/* Out into a file and in again, of one tar file or of two, under another name. */
static void test_export(void **state) {
    (void)state;
    static const char *const names[] = {"t-out", "berth-small"};
    write_in("r.ini", 0644, "[image]\nbase = berth-small\nrun = echo it >/etc/it\n");
    _result_ built = build("t-out", "r.ini", NULL);
    assert_status(built, 0);
    _cleanup_free_ char *file = recipe_path("image"), *gone = recipe_path("gone/image");
    for (size_t i = 0; i < array_length(names); i++) {
        _cleanup_free_ char *alias = str_printf("t-in-%zu", i), *before = fingerprint_of(names[i]);
        _result_ out = berth(&world.how, "image", "export", names[i], file, NULL);
        assert_status(out, 0);
        if (i == 0) { /* so that it does not lie there already */
            _result_ removed = incus_command("image", "delete", "t-out", NULL);
        }
        _result_ in = berth(&world.how, "image", "import", file, alias, NULL);
        assert_status(in, i == 0 ? 0 : 1); /* the other one is there already, which the daemon says */
        if (i == 0) {
            _cleanup_free_ char *after = fingerprint_of(alias), *it = in_image(alias, "cat /etc/it");
            assert_string_equal(after, before);
            assert_string_equal(it, "it\n");
        }
    }
    _result_ nowhere = berth(&world.how, "image", "export", "berth-small", gone, NULL);
    assert_status(nowhere, 1);
    assert_has(nowhere.err, "cannot write");
    _result_ nothing = berth(&world.how, "image", "import", gone, "t-x", NULL);
    assert_status(nothing, 1);
    assert_has(nothing.err, "cannot read");
}

/* Written to while it is built: no image is made of what nobody was asked about. */
static void test_changed_meanwhile(void **state) {
    (void)state;
    _cleanup_free_ char *path = recipe_path("r.ini");
    char *const arguments[] = {"berth", "build", "t-changed", "--file", path, NULL};
    write_in("r.ini", 0644,
             "[image]\nbase = berth-small\nrun = echo begun; sleep 2\n[files]\nmotd = /etc/motd\n");
    write_in("motd", 0644, "one\n");
    struct child child = berth_start(&world.how, arguments);
    _cleanup_(error_done) struct error err = {0};
    for (int64_t end = loop_now() + 20000; loop_now() < end;) {
        _cleanup_free_ char *made = builds();
        if (made && loop_pause(daemon_loop(), 500, &err))
            break;
    }
    write_in("motd", 0644, "two\n");
    _result_ result = child_wait(&child);
    assert_status(result, 1);
    assert_has(result.err, "has changed while it was built");
    assert_no_alias("t-changed");
    _cleanup_free_ char *left = builds();
    assert_null(left);
}

/* Two of one name: one builds, the other says so. */
static void test_two_at_once(void **state) {
    (void)state;
    _cleanup_free_ char *path = recipe_path("two.ini");
    char *const arguments[] = {"berth", "build", "t-two", "--file", path, NULL};
    write_in("two.ini", 0644, "[image]\nbase = berth-small\nrun = sleep 1\n");
    struct child one = berth_start(&world.how, arguments), other = berth_start(&world.how, arguments);
    _result_ first = child_wait(&one), second = child_wait(&other);
    const struct result *good = first.status ? &second : &first, *bad = first.status ? &first : &second;
    assert_int_equal(good->status, 0);
    assert_status(*bad, 1);
    assert_has(bad->err, "image t-two is being built by somebody else");
    _cleanup_free_ char *left = builds();
    assert_null(left);
}

/* A workspace's recipe is built with the user's word alone, and nothing of it may be outside. */
static void test_workspace(void **state) {
    (void)state;
    _cleanup_free_ char *file = str_printf("%s/.berth.image.ini", world.folder),
                        *script = str_printf("%s/set-up", world.folder);
    _result_ none = berth(&world.how, "build", NULL);
    assert_status(none, 2);
    assert_has(none.err, "there is no recipe");
    write_file(file, 0644, "[image]\nname = t-ws\nbase = berth-small\nscript = set-up\n");
    write_file(script, 0644, "echo one >/etc/ws\n");
    _result_ refused = berth(&world.how, "build", NULL);
    assert_status(refused, 4);
    assert_has(refused.err, "is not trusted, or has changed since");
    assert_no_alias("t-ws");
    _result_ trusted = berth(&world.how, "build", "--trust", NULL);
    assert_status(trusted, 0);
    _result_ again = berth(&world.how, "build", NULL);
    assert_has(again.out, "Image t-ws is unchanged");
    write_file(script, 0644, "echo two >/etc/ws\n"); /* what it names is part of it */
    _result_ changed = berth(&world.how, "build", NULL);
    assert_status(changed, 4);
    static const char *const outside[] = {"../secret", "/etc/passwd", "link"};
    _cleanup_free_ char *line = str_printf("cd '%s' && ln -s /etc/passwd link", world.folder);
    _result_ linked = shell_line(&(struct how){0}, line);
    for (size_t i = 0; i < array_length(outside); i++) {
        _cleanup_free_ char *text =
            str_printf("[image]\nname = t-ws\nbase = berth-small\n[files]\n%s = /etc/stolen\n", outside[i]);
        write_file(file, 0644, text);
        _result_ stolen = berth(&world.how, "build", "--trust", NULL);
        assert_status(stolen, 1);
        assert_has(stolen.err, "may only use what lies in the workspace");
    }
}

/* Of every profile that has a recipe, under the name of its image; one that fails does not stop the others.
 */
static void test_all(void **state) {
    (void)state;
    _cleanup_free_ char *home = str_printf("%s/.config/berth", world.home),
                        *line = str_printf("mkdir -p '%s'", home),
                        *file = str_printf("%s/config.ini", home),
                        *text = str_printf("[profile a]\nimage = t-a\nrecipe = %s/a.ini\n"
                                           "[profile bad]\nimage = t-bad\nrecipe = %s/bad.ini\n"
                                           "[profile b]\nrecipe = %s/b.ini\n",
                                           folder, folder, folder);
    _cleanup_free_ char *variable = str_printf("XDG_CONFIG_HOME=%s/.config", world.home);
    world.variables[1] = variable;
    _result_ made = shell_line(&world.how, line);
    write_file(file, 0644, text);
    write_in("a.ini", 0644, "[image]\nbase = berth-small\n");
    write_in("bad.ini", 0644, "[image]\nbase = berth-small\nrun = false\n");
    write_in("b.ini", 0644, "[image]\nname = t-b\nbase = berth-small\nrun = true\n");
    _result_ all = berth(&world.how, "build", "--all", NULL);
    assert_status(all, 1);
    assert_has(all.out, "Image t-a built");
    assert_has(all.out, "Image t-b built");
    assert_has(all.err, "profile bad: false ended with status 1");
    assert_has(all.err, "1 of 3 images were not built");
    assert_no_alias("t-bad");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        build_test(test_whole),       build_test(test_others_image), build_test(test_packages),
        build_test(test_failures),    build_test(test_interrupted),  build_test(test_changed_meanwhile),
        build_test(test_two_at_once), build_test(test_export),       build_test(test_directory),
        build_test(test_workspace),   build_test(test_all),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
