#include "launch/seen.h"

#include "incus/exec.h"

#include <string.h>

/*
 * Lines of proc_pid_mountinfo(5): the fourth field is the path in the filesystem from which a mount
 * begins, the fifth where it is seen, the sixth begins with ro or rw. A guarded path is the one that was
 * meant if it begins below where the root's own mount begins. One of which it is not known whether it is
 * there ("?") has to be mounted if it is, a link as well. A root that could not be looked at ("=") is the
 * one that was meant if its path ends with the one that it has in its filesystem; on btrfs, where that
 * begins with the subvolume's, their last names have to be the same.
 */
const char seen_mounts[] = "(IFS='\n'; set -f; all='\n'; types='\n'\n"
                           "while IFS=' ' read -r id parent device from at flags rest\n"
                           "do all=\"$all$from $at ${flags%%,*}\n\"; type=${rest#*- }\n"
                           "types=\"$types$at ${type%% *}\n\"; done </proc/self/mountinfo\n"
                           "for line in $" SEEN_VARIABLE "; do case $line in\n"
                           "=*) line=${line#=}; at=${line##* }; line=${line% *}; root=${all%%\" $at \"*}\n"
                           "root=${root##*'\n'}; root=${root%/}; case $types in *\"\n$at btrfs\n\"*)\n"
                           "[ \"${root##*/}\" = \"${line##*/}\" ] || [ ! \"$root\" ] || exit 1;;\n"
                           "*) case $line in *\"$root\") ;; *) exit 1;; esac;; esac; continue;;\n"
                           "'?'*) line=${line#?}; at=${line#* }; at=${at% *}\n"
                           "[ -e \"$at\" ] || [ -L \"$at\" ] || continue;; esac; case $line in\n"
                           "@*) root=${all%%\" ${line#@} \"*}; root=${root##*'\n'}; root=${root%/};;\n"
                           "*' ro') case $all in *\"\n$root$line\n\"*) ;; *) exit 1;; esac;;\n"
                           "*) case $all in *\"\n$root$line\"*) ;; *) exit 1;; esac;;\n"
                           "esac; done)";

json_t *seen_environment(const struct plan *plan) {
    json_t *environment = json_copy(plan->environment);
    json_object_set_new(environment, SEEN_VARIABLE, json_text(plan->expected));
    return environment;
}

bool seen_verify(struct incus *client, const struct plan *plan, const struct launch_watcher *watcher,
                 struct error *err) {
    char *command[] = {"sh", "-c", (char *)seen_mounts, NULL};
    _cleanup_json_ json_t *environment = seen_environment(plan);
    struct exec_request request = {
        .command = command, .uid = plan->code.uid, .gid = plan->code.gid, .environment = environment};
    int status = -1;
    if (!*plan->expected)
        return true;
    if (!exec_run(client, plan->name, &request, &status, err))
        return false;
    if (status == 126 || status == 127)
        watcher_notice(watcher, "warning: the image has no sh: whether the guard is in force was not seen");
    if (status == 0 || status == 126 || status == 127)
        return true;
    error_set(err, ERROR_FAILED,
              "the guard of %s is not as planned: a mount of it is not what it should be", plan->name);
    error_hint(err, "did something change the workspace while the session began? nothing was run in it");
    if (plan->expected[0] == '=')
        error_hint(
            err, "a link on the way to the workspace, on that machine? name the directory by its own path");
    return false;
}

bool seen_no_root(struct incus *client, const struct plan *plan, struct error *err) {
    static char script[] = "while read -r key value; do [ \"$key$value\" != NoNewPrivs:1 ] || exit 0\n"
                           "done </proc/self/status; exit 1";
    _cleanup_(strings_done) struct strings command = {0};
    plan_add_no_root(&command);
    strings_add_all(&command, "sh", "-c", script, NULL);
    struct exec_request request = {.command = command.items, .uid = plan->code.uid, .gid = plan->code.gid};
    int status = -1;
    if (!exec_run(client, plan->name, &request, &status, err))
        return false;
    if (status == 0)
        return true;
    error_set(err, ERROR_REFUSED, "nobody was to become root in %s, and its image cannot keep from it",
              plan->name);
    error_hint(err, "it needs setpriv (util-linux, or busybox') and sh");
    return false;
}

/*
 * 0: held; otherwise not, or not to be told. Something that can be unmounted is, to show that the try
 * counts. What /proc/self/attr/current says does not: a container that may nest has a namespace of
 * AppArmor's own, in which it is unconfined.
 */
static const char probe_script[] = "unshare -m sh -c 'mount -t tmpfs none /tmp && umount /tmp || exit 3\n"
                                   "umount \"$1\" 2>/dev/null && exit 4; exit 0' sh \"$1\"";

bool seen_against_root(struct incus *client, const char *name, const char *probe) {
    char *command[] = {"sh", "-c", (char *)probe_script, "sh", (char *)probe, NULL};
    struct exec_request request = {.command = command};
    _cleanup_(error_done) struct error ignored = {0};
    int status = -1;
    return *probe && exec_run(client, name, &request, &status, &ignored) && status == 0;
}
