#include "tests/harness/attack.h"

#include <string.h>

/* Those that take mounts away for everybody in the container stand last. */
const struct attack attacks[] = {
    {"write a hook", "evil .git"},
    {"write .git/config", "put .git/config"},
    {"make .git/config.worktree", "put .git/config.worktree"},
    {"make .git/info/attributes", "put .git/info/attributes"},
    {"make .git/commondir", "mkdir -p e/objects e/refs; echo ../e >.git/commondir"},
    {"rename .git", "mv .git x && cp -r x .git && evil .git"},
    {"rename the repository", "cd .. && mv $R y && cp -r y $R && cd $R && evil .git"},
    {"replace hooks by a link", "rm -rf .git/hooks; mkdir e && ln -s ../e .git/hooks"},
    {"rename another over it", "mkdir e && mv -T e .git/hooks; cp .git/config c; put c; mv c .git/config"},
    {"a hard link", "ln .git/config l && put l"},
    {"by /proc/1/root", "evil /proc/1/root$PWD/.git"},
    {"in a user namespace", "unshare -Urm sh -c 'umount .git/hooks; mount --bind . /mnt; evil /mnt/.git'"},
    {"a nested container",
     "unshare -Urmpf sh -c 'mkdir -p /tmp/n; mount --rbind / /tmp/n; umount -l /tmp/n/workspace/$R/.git; "
     "chroot /tmp/n sh -c \"cd /workspace/$R; umount .git/hooks; PATH=/workspace:$PATH evil .git\"'"},
    {"remount", "mount -o remount,rw,bind .git/hooks; evil .git"},
    {"mount over it", "mount -t tmpfs none .git/hooks; evil .git"},
    {"bind elsewhere", "mkdir -p /tmp/a && mount --bind . /tmp/a && evil /tmp/a/.git"},
    {"bind .git elsewhere", "mkdir -p /tmp/b && mount --bind .git /tmp/b && evil /tmp/b"},
    {"move elsewhere", "mkdir -p /tmp/c && mount --move .git/hooks /tmp/c; evil .git"},
    {"open_tree", "perl -e '$p = \".git\"; $d = syscall(428, -100, $p, 1); "
                  "open(F, \">/proc/self/fd/$d/hooks/evil\") && print F \"evil\"'"},
    {"overlay", "mkdir -p .git/w /tmp/l /tmp/o; mount -t overlay none -o userxattr,lowerdir=/tmp/l,"
                "upperdir=$PWD/.git/info,workdir=$PWD/.git/w /tmp/o && put /tmp/o/attributes"},
    {"umount", "umount .git/hooks; evil .git"},
    {"lazy umount of a parent", "umount -l .git; evil .git"},
    {"unshare, then umount", "unshare -m sh -c 'umount .git/hooks; evil .git'"},
    {"umount in a recursive bind", "mkdir -p /tmp/d; mount --rbind . /tmp/d; umount /tmp/d/.git/hooks; "
                                   "evil /tmp/d/.git"},
    /* the calls' numbers are x86-64's; elsewhere they do nothing */
    {"pivot_root",
     "mkdir old; unshare -m perl -e 'system(\"mount --make-rprivate /\"); chdir(\"/workspace\"); "
     "$n = \".\"; $o = \"$ENV{R}/old\"; syscall(155, $n, $o); chdir(\"/\"); $g = \"/$ENV{R}/.git\"; "
     "$h = \"$g/hooks\"; syscall(166, $h, 0); $) = $> = 1000; open(F, \">$h/evil\") && print F \"evil\"'"},
    {"a copy of /, taken away", "mkdir -p /tmp/f && mount --rbind / /tmp/f && mount --make-private /tmp/f; "
                                "umount -l /tmp/f; evil .git"},
    {"a copy of /, the rest renamed", "mkdir -p /tmp/g && mount --rbind / /tmp/g && mount --make-private "
                                      "/tmp/g; umount -l /tmp/g; mv .git x; evil x; mv x .git"},
};
const size_t attack_count = array_length(attacks);
const char *const outcome_names[] = {"held", "seen", "LOST"};

/* For cd and git, and two digits are enough for all. */
#define REPOSITORY "r%02zu"

/*
 * Root inside is not always one who may write on the host's filesystem (virtiofs): what root has opened,
 * the owner of the files then uses.
 */
static void write_script(const char *folder, const char *name, const char *line) {
    _cleanup_free_ char *file = str_printf("%s/%s", folder, name),
                        *text =
                            str_printf("#!/bin/sh\n[ $(id -u) != 0 ] || exec setpriv --reuid 1000 --regid "
                                       "1000 --clear-groups \"$0\" \"$@\"\n%s\n",
                                       line);
    write_file(file, 0755, text);
}

char *attack_workspace(const char *filesystem, uid_t uid, gid_t gid) {
    char *folder = new_folder(filesystem, uid, gid);
    _cleanup_(buffer_done) struct buffer line = {0};
    buffer_printf(&line, "cd '%s'", folder);
    write_script(folder, "evil", "echo evil >\"$1/hooks/evil\"");
    write_script(folder, "put", "echo evil >>\"$1\"");
    for (size_t i = 0; i < attack_count; i++)
        buffer_printf(&line, " && git init -q " REPOSITORY, i);
    buffer_printf(&line, " && chown -R %u:%u .", uid, gid);
    _result_ made = shell_line(&(struct how){0}, line.data);
    assert_status(made, 0);
    return folder;
}

/* Whether the host would run what an attack left: a line of sh's that says yes by its status. */
static bool is_evil(const char *workspace, size_t number) {
    _cleanup_free_ char *line =
        str_printf("cd '%s/" REPOSITORY
                   "' && [ -d .git ] && [ ! -L .git ] && [ ! -L .git/hooks ] && [ -d .git/hooks ] && "
                   "! grep -rqs evil .git/hooks .git/config .git/config.worktree .git/info/attributes && "
                   "[ \"$(cat .git/commondir 2>/dev/null || echo .)\" = . ]",
                   workspace, number);
    _result_ result = shell_line(&(struct how){0}, line);
    return result.status != 0;
}

void attack_all(const struct how *how, const char *workspace, const char *actor, const char *const *flags,
                enum outcome *outcomes) {
    _cleanup_(buffer_done) struct buffer script = {0};
    _cleanup_(strings_done) struct strings command = {0};
    buffer_text(&script, "export PATH=/workspace:$PATH:/usr/sbin:/sbin\nexport R\n");
    for (size_t i = 0; i < attack_count; i++)
        buffer_printf(&script,
                      "R=" REPOSITORY "; cd /workspace/$R 2>/dev/null && { %s; } >/dev/null 2>&1\n", i,
                      attacks[i].line);
    buffer_text(&script, "true\n");
    _cleanup_free_ char *quoted = str_quoted(workspace), *file = str_printf("%s/script", workspace);
    write_file(file, 0755, script.data);
    strings_add_all(&command, "$BERTH run -q -w", quoted, NULL);
    for (; *flags; flags++)
        strings_add(&command, *flags);
    strings_add_all(&command, "--", str_equal(actor, "code") ? "" : actor, "sh /workspace/script", NULL);
    _cleanup_free_ char *line = strings_join(&command, " ");
    _result_ ran = shell_line(how, line);
    (void)ran.status; /* sudo may refuse, and a session may be cut off by what it did */
    _result_ guard = berth(how, "guard", workspace, NULL);
    for (size_t i = 0; i < attack_count; i++) {
        _cleanup_free_ char *named = str_printf("  " REPOSITORY "/.git", i);
        bool evil = is_evil(workspace, i);
        const char *changed = strstr(guard.out, "Changed since");
        outcomes[i] = !evil                               ? OUTCOME_HELD
                      : changed && strstr(changed, named) ? OUTCOME_SEEN
                                                          : OUTCOME_LOST;
    }
}
