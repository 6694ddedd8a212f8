/*
 * What the decision is made of on a machine as they are: mounts within mounts, delegations with mistakes,
 * files of several owners, images without the user; and what berth does where its prediction does not come
 * true.
 */
#include "tests/harness/harness.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void shell(const char *format, const char *a, const char *b) {
    _cleanup_free_ char *line = str_printf(format, a, b);
    _result_ result = shell_line(&(struct how){0}, line);
    assert_status(result, 0);
}

static char *folder_in(const char *parent, const char *name) {
    char *path = str_printf("%s/%s", parent, name);
    assert_int_equal(mkdir(path, 0755) | chown(path, 1000, 1000), 0);
    return path;
}

static void assert_filesystem(const char *path, const char *filesystem) {
    struct how how = {.uid = 1000, .gid = 1000};
    _cleanup_(error_done) struct error err = {0};
    _result_ result = berth(&how, "idmap", "--format", "json", path, NULL);
    _cleanup_json_ json_t *json = json_parse(result.out, result.out_size, "berth idmap", &err);
    assert_non_null(json);
    assert_string_equal(json_str_at(json, "facts.filesystem"), filesystem);
}

/* The workspace's own mount decides: nested, bound, behind a link, under a name with every escape in it. */
static void test_mounts(void **state) {
    (void)state;
    _cleanup_free_ char *outer = new_folder("ext4", 1000, 1000), *inner = folder_in(outer, "inner"),
                        *bound = folder_in(outer, "bound"), *odd = folder_in(outer, "a b\tc\\d\ne"),
                        *fuse = new_folder("fuse", 1000, 1000), *link = str_printf("%s/link", outer),
                        *deep = NULL;
    assert_int_equal(mount("tmpfs", inner, "tmpfs", 0, "mode=0777"), 0);
    assert_int_equal(mount("tmpfs", odd, "tmpfs", 0, "mode=0777"), 0);
    assert_int_equal(mount(fuse, bound, NULL, MS_BIND, NULL), 0);
    assert_int_equal(symlink(fuse, link), 0);
    deep = folder_in(inner, "deep");
    assert_filesystem(outer, "ext4");
    assert_filesystem(inner, "tmpfs");
    assert_filesystem(deep, "tmpfs");
    assert_filesystem(odd, "tmpfs");
    assert_filesystem(bound, "fuse");
    assert_filesystem(link, "fuse");
    struct how how = {.uid = 1000, .gid = 1000};
    const char *const places[] = {deep, bound, link};
    for (size_t i = 0; i < array_length(places); i++) {
        _result_ run = berth(&how, "run", "-w", places[i], "--image", "berth-small", "--", "sh", "-c",
                             "touch f; stat -c %u:%g f", NULL);
        assert_status(run, 0);
        assert_string_equal(run.out, "1000:1000\n");
    }
    assert_int_equal(umount(inner) | umount(odd) | umount(bound), 0);
}

/* One more mount, of a filesystem that does not take idmapped mounts, decides for all; and is named. */
static void test_mount_decides(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("ext4", 1000, 1000), *more = new_folder("fuse", 1000, 1000),
                        *mount = str_printf("%s:/more", more);
    struct how how = {.uid = 1000, .gid = 1000, .cwd = folder};
    _result_ shown = berth(&how, "idmap", "--mount", mount, NULL);
    assert_has(shown.out, "(ext4, owner 1000:1000");
    assert_has(shown.out, "idmapped    fuse: ");
    _result_ run = berth(&how, "run", "--persistent", "--mount", mount, "--image", "berth-small", "--",
                         "touch", "f", "/more/f", NULL);
    assert_status(run, 0);
    _cleanup_free_ char *here = file_owner(folder, "f"), *there = file_owner(more, "f"),
                        *names = containers(), *name = str_copy_n(names, strcspn(names, "\n"));
    assert_string_equal(here, "1000:1000");
    assert_string_equal(there, "1000:1000");
    _result_ raw = incus_command("config", "get", name, "raw.idmap", NULL);
    assert_string_equal(raw.out, "both 1000 1000\n");
    if (strstr(shown.out, "method      shift")) { /* a kernel on which that shows at the start */
        assert_has(run.err, "fuse does not take idmapped mounts here");
        _result_ recorded = incus_command("config", "get", name, "user.berth.no-shift", NULL);
        assert_string_equal(recorded.out, "fuse\n");
        _result_ again = berth(&how, "run", "--persistent", "--mount", mount, "--image", "berth-small",
                               "--", "true", NULL);
        assert_status(again, 0);
        assert_string_equal(again.err, "");
    }
    remove_containers();
}

/* A hook that does something between the decision and the start. */
static struct result run_with_hook(const char *folder, const char *script) {
    _cleanup_free_ char *other = new_folder("", 0, 0), *hook = str_printf("%s/hook", other),
                        *variable = str_printf("BERTH_PRE_START=%s", hook);
    const char *const variables[] = {variable, NULL};
    write_file(hook, 0755, script);
    struct how how = {.variables = variables};
    return berth(&how, "run", "-w", folder, "--image", "berth-small", "--", "touch", "never", NULL);
}

/* A prediction that does not come true stops the session before its command: another owner, another mount.
 */
static void test_prediction_wrong(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001),
                        *script = str_printf("#!/bin/sh\nchown 7:7 %s\n", folder);
    _result_ owner = run_with_hook(folder, script);
    assert_status(owner, 1);
    assert_has(owner.err,
               "is not what was predicted: /workspace is seen inside as 65534:65534, not as 1000:1000");
    assert_false(file_exists(folder, "never"));
    assert_no_containers();
    _cleanup_free_ char *place = new_folder("", 0, 0),
                        *unmount = str_printf("#!/bin/sh\numount %s\n", place);
    assert_int_equal(mount("tmpfs", place, "tmpfs", 0, "uid=1001,gid=1001"), 0);
    _result_ unmounted = run_with_hook(place, unmount);
    assert_status(unmounted, 1);
    assert_has(unmounted.err, "is not what was predicted");
    assert_no_containers();
    _cleanup_free_ char *gone = new_folder("", 1001, 1001),
                        *away = str_printf("#!/bin/sh\nmv %s %s.away\n", gone, gone);
    _result_ moved = run_with_hook(gone, away);
    assert_status(moved, 1);
    assert_has(moved.err, "a directory that is to be mounted is not there any more");
    assert_no_containers();
}

/*
 * A container that shifts, and whose filesystem then does not: healed at its start, said, recorded; and
 * what is recorded is not tried again.
 */
static void test_healed_once(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1000, 1000), *behind = new_folder("", 1000, 1000);
    struct how how = {.uid = 1000, .gid = 1000, .cwd = folder};
#define RUN(...) berth(&how, "run", "--persistent", "--image", "berth-small", "--", __VA_ARGS__, NULL)
    _result_ first = RUN("touch", "before");
    assert_status(first, 0);
    _cleanup_free_ char *names = containers(), *name = str_copy_n(names, strcspn(names, "\n"));
    _result_ shifts = incus_command("config", "device", "get", name, "workspace", "shift", NULL);
    assert_string_equal(shifts.out, "true\n");
    shell("bindfs -o nonempty %s %s", behind, folder);
    _result_ healed = RUN("touch", "after");
    _result_ again = RUN("touch", "again");
    _result_ raw = incus_command("config", "get", name, "raw.idmap", NULL);
    _result_ recorded = incus_command("config", "get", name, "user.berth.no-shift", NULL);
    shell("umount %s", folder, NULL);
    assert_status(healed, 0);
    assert_has(healed.err, "fuse does not take idmapped mounts here");
    assert_string_equal(raw.out, "both 1000 1000\n");
    assert_string_equal(recorded.out, "fuse\n");
    assert_status(again, 0);
    assert_has_not(again.err, "idmapped mounts here");
    assert_has_not(again.err, "would be needed now");
    _cleanup_free_ char *after = file_owner(behind, "after"), *more = file_owner(behind, "again");
    assert_string_equal(after, "1000:1000");
    assert_string_equal(more, "1000:1000");
    remove_containers();
}

/* Files of several owners: counted, shown with what they are inside, and given to the user when asked to.
 */
static void test_owners(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", 1001, 1001), *file = str_printf("%s/o'file", folder),
                        *link = str_printf("%s/link", folder);
    write_file(file, 0644, "");
    assert_int_equal(chown(file, 1000, 1000) | symlink("/etc/passwd", link) | lchown(link, 0, 0), 0);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ shown = berth(&how, "idmap", NULL);
    assert_status(shown, 0);
    assert_has(shown.out, "entries     3 looked at, 2 not code's inside\n");
    assert_has(shown.out, "1 of 1000:1000, seen as 65534:65534: o'file\n");
    assert_has(shown.out, "1 of 0:0, seen as 65534:65534: link\n");
    _cleanup_(error_done) struct error err = {0};
    _result_ json_text = berth(&how, "idmap", "--format", "json", NULL);
    _cleanup_json_ json_t *json = json_parse(json_text.out, json_text.out_size, "berth idmap", &err);
    assert_int_equal(json_int_at(json, "entries.looked_at"), 3);
    assert_int_equal(json_int_at(json, "entries.not_codes"), 2);
    assert_int_equal(json_array_size(json_at(json, "entries.owners")), 3);
    _result_ printed = berth(&how, "idmap", "--fix-owners", NULL);
    assert_status(printed, 0);
    assert_has(printed.out, "-xdev '!' -uid 1001 -execdir chown -h 1001:1001 {} +\n");
    _cleanup_free_ char *untouched = file_owner(folder, "o'file");
    assert_string_equal(untouched, "1000:1000");
    _result_ applied = berth(&(struct how){.cwd = folder}, "idmap", "--fix-owners", "--apply", NULL);
    assert_status(applied, 0);
    assert_has(applied.out, "entries     3 looked at, code's inside, all of them\n");
    _cleanup_free_ char *given = file_owner(folder, "o'file"), *given_link = file_owner(folder, "link");
    assert_string_equal(given, "1001:1001");
    assert_string_equal(given_link, "1001:1001");
    struct stat info;
    assert_true(stat("/etc/passwd", &info) == 0 && info.st_uid == 0); /* where the link points */
    _result_ nothing = berth(&how, "idmap", "--fix-owners", NULL);
    assert_status(nothing, 0);
    assert_string_equal(nothing.out, "");
    _result_ alone = berth(&how, "idmap", "--apply", NULL);
    assert_status(alone, 2);
}

/* Of 20,000 entries the first 10,000 are looked at, and that is said. */
static void test_owners_bounded(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("tmpfs", 1001, 1001);
    shell("cd %s && seq 20000 | xargs touch && chown -R 1001:1001 %s", folder, folder);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ shown = berth(&how, "idmap", NULL);
    assert_status(shown, 0);
    assert_has(shown.out, "entries     the first 10000 looked at, code's inside, all of them\n");
    shell("rm -r %s", folder, NULL);
}

/* An account of tests/run's, with sudo, whose ids nobody has delegated. */
#define WORKER  2345
#define WORKERS 2346

/* From refused to written, by the commands that berth prints and does: what is there stays, and twice is
 * once. */
static void test_fix(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", WORKER, WORKERS), *before = read_file("/etc/subuid"),
                        *groups = read_file("/etc/subgid");
    struct how how = {.uid = WORKER, .gid = WORKERS, .cwd = folder};
    write_file("/etc/subgid", 0644, "root:1000000:1000000000\n# the last line has no end\nroot:1001:1");
    _result_ refused = berth(&how, "run", "--image", "berth-small", "--", "touch", "f", NULL);
    assert_status(refused, 4);
    assert_has(refused.err, "echo root:2345:1 | sudo tee -a /etc/subuid");
    assert_has(refused.err, "echo root:2346:1 | sudo tee -a /etc/subgid");
    _result_ printed = berth(&how, "idmap", "--fix", NULL);
    assert_status(printed, 0);
    assert_string_equal(printed.out, "echo root:2345:1 | sudo tee -a /etc/subuid\n"
                                     "echo root:2346:1 | sudo tee -a /etc/subgid\n");
    _result_ applied = berth(&how, "idmap", "--fix", "--apply", NULL);
    assert_status(applied, 0);
    assert_has(applied.out, "method      raw: raw.idmap uid 2345 1000, gid 2346 1000");
    _cleanup_free_ char *subuid = read_file("/etc/subuid"), *subgid = read_file("/etc/subgid"),
                        *wanted = str_printf("%sroot:2345:1\n", before);
    assert_string_equal(subuid, wanted);
    assert_string_equal(subgid,
                        "root:1000000:1000000000\n# the last line has no end\nroot:1001:1\nroot:2346:1\n");
    _result_ again = berth(&how, "idmap", "--fix", "--apply", NULL);
    assert_status(again, 0);
    assert_has(again.err, "nothing to fix here");
    _cleanup_free_ char *same = read_file("/etc/subuid");
    assert_string_equal(same, wanted);
    _result_ run = berth(&how, "run", "--image", "berth-small", "--", "touch", "f", NULL);
    assert_status(run, 0);
    _cleanup_free_ char *owner = file_owner(folder, "f");
    assert_string_equal(owner, "2345:2346");
    write_file("/etc/subuid", 0644, before);
    write_file("/etc/subgid", 0644, groups);
}

/* Without a way to the daemon: the group of incus-user first, since the other one is root's power. */
static void test_fix_group(void **state) {
    (void)state;
    _cleanup_free_ char *folder = new_folder("", WORKER, WORKERS), *before = read_file("/etc/subuid"),
                        *groups = read_file("/etc/subgid");
    struct how how = {.uid = WORKER, .gid = WORKERS, .cwd = folder, .no_group = true};
    _result_ printed = berth(&how, "idmap", "--fix", NULL);
    assert_status(printed, 0);
    assert_true(str_starts(printed.out, "sudo usermod -aG incus worker\n"));
    _result_ joined = berth(&how, "idmap", "--fix", "--apply", NULL);
    assert_status(joined, 0);
    assert_has(joined.err, "log in again, or newgrp incus");
    _cleanup_free_ char *group = read_file("/etc/group");
    assert_has(group, "\nincus:x:992:member,worker\n");
    _result_ again = berth(&how, "idmap", "--fix", NULL);
    assert_has(again.err, "worker is in the group incus: log in again");
    assert_has_not(again.out, "usermod");
    write_file("/etc/subuid", 0644, before);
    write_file("/etc/subgid", 0644, groups);
}

/* Lines with mistakes count for nothing and are named; overlapping ranges and the largest ids work. */
static void test_subid_lines(void **state) {
    (void)state;
    _cleanup_free_ char *before = read_file("/etc/subuid"), *groups = read_file("/etc/subgid"),
                        *last = new_folder("", 4294967294u, 4294967294u),
                        *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    write_file("/etc/subuid", 0644,
               "root:1000000:1000000000\nroot:1001\nroot:900:200\nroot:1000:500\nroot:4294967294:1\n");
    write_file("/etc/subgid", 0644, "root:1000000:1000000000\nroot:1001:1\nroot:4294967294:1\n");
    _result_ shown = berth(&how, "idmap", NULL);
    assert_status(shown, 0);
    assert_has(shown.out, "/etc/subuid, line 2 is no \"user:first:count\" and counts for nothing");
    _result_ run = berth(&how, "run", "--image", "berth-small", "--", "touch", "f", NULL);
    assert_status(run, 0);
    struct how largest = {.uid = 4294967294u, .gid = 4294967294u, .cwd = last};
    _result_ most = berth(&largest, "run", "--image", "berth-small", "--", "touch", "f", NULL);
    write_file("/etc/subuid", 0644, before);
    write_file("/etc/subgid", 0644, groups);
    assert_status(most, 0);
    _cleanup_free_ char *owner = file_owner(last, "f");
    assert_string_equal(owner, "4294967294:4294967294");
    static const char *const beyond[] = {"BERTH_CODE_UID=4294967295", NULL};
    how.variables = beyond;
    _result_ too_large = berth(&how, "idmap", NULL);
    assert_status(too_large, 2);
    assert_has(too_large.err, "BERTH_CODE_UID");
    assert_no_containers();
}

/* An image made of the small one by a command line; "$1" in it is the container. */
static void make_image(const char *alias, const char *line) {
    _cleanup_free_ char *name = str_printf("%sfit", getenv("COI_CONTAINER_PREFIX")),
                        *all = str_printf(
                            "set -e; set -- %s; incus init -q berth-small $1; incus start $1; %s;"
                            "incus stop -f $1; incus publish -q $1 --alias %s >/dev/null;"
                            "incus delete -f $1",
                            name, line, alias);
    _result_ made = shell_line(&(struct how){0}, all);
    assert_status(made, 0);
}

/* Images that do not fit: said with what to do, before a command runs where it would go wrong. */
static void test_images(void **state) {
    (void)state;
    make_image("fit-nobody", "incus exec $1 -- sed -i /^code:/d /etc/passwd;"
                             "incus exec $1 -- rm -r /home/code");
    make_image("fit-other", "incus exec $1 -- sed -i s/^code:x:1000/code:x:1005/ /etc/passwd;"
                            "incus exec $1 -- chown -R 1005 /home/code");
    make_image("fit-named", "incus exec $1 -- sed -i s/^code:/ubuntu:/ /etc/passwd;"
                            "incus exec $1 -- mv /home/code /home/ubuntu");
    make_image("fit-shellless", "incus exec $1 -- rm /bin/sh");
    _cleanup_free_ char *folder = new_folder("", 1001, 1001);
    struct how how = {.uid = 1001, .gid = 1001, .cwd = folder};
    _result_ nobody = berth(&how, "run", "--image", "fit-nobody", "--", "touch", "by-number", NULL);
    assert_status(nobody, 0);
    assert_has(nobody.err, "the image fit-nobody has no user with uid 1000");
    _cleanup_free_ char *owner = file_owner(folder, "by-number");
    assert_string_equal(owner, "1001:1001");
    _result_ other = berth(&how, "run", "--image", "fit-other", "--", "touch", "by-number", NULL);
    assert_status(other, 0);
    assert_has(other.err, "code has uid 1005 in the image fit-other, not 1000");
    assert_has(other.err, "BERTH_CODE_UID=1005 BERTH_CODE_GID=1000");
    static const char *const ids[] = {"BERTH_CODE_UID=1005", "BERTH_CODE_GID=1000", NULL};
    struct how advised = how;
    advised.variables = ids;
    _result_ fits = berth(&advised, "run", "--image", "fit-other", "--", "id", "-un", NULL);
    assert_status(fits, 0);
    assert_string_equal(fits.out, "code\n");
    assert_string_equal(fits.err, "");
    _result_ named = berth(&how, "run", "--image", "fit-named", "--", "id", "-un", NULL);
    assert_status(named, 0);
    assert_has(named.err, "uid 1000 is ubuntu, with /home/code as its home: BERTH_CODE_USER=ubuntu");
    _cleanup_free_ char *home = new_folder("", 1001, 1001), *variable = str_printf("HOME=%s", home);
    const char *const variables[] = {variable, NULL};
    how.variables = variables;
    _result_ no_tmux = berth(&how, "shell", "--background", "--image", "berth-small", NULL);
    assert_status(no_tmux, 1);
    assert_has(no_tmux.err, "has no tmux, which a session needs");
    _result_ no_sh = berth(&how, "shell", "--background", "--image", "fit-shellless", NULL);
    assert_status(no_sh, 1);
    assert_has(no_sh.err, "has no sh, which a session needs");
    _result_ without =
        berth(&how, "run", "--image", "fit-shellless", "--", "/bin/busybox", "id", "-u", NULL);
    assert_status(without, 127);
    assert_has(without.err, "it has no sh");
    assert_no_containers();
    static const char *const aliases[] = {"fit-nobody", "fit-other", "fit-named", "fit-shellless"};
    for (size_t i = 0; i < array_length(aliases); i++) {
        _result_ gone = berth(&(struct how){0}, "image", "delete", "--force", aliases[i], NULL);
        assert_status(gone, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        live_test(test_mounts),      live_test(test_mount_decides), live_test(test_prediction_wrong),
        live_test(test_healed_once), live_test(test_owners),        live_test(test_owners_bounded),
        live_test(test_fix),         live_test(test_fix_group),     live_test(test_subid_lines),
        live_test(test_images),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
