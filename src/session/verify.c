#include "session/verify.h"

#include "incus/exec.h"
#include "incus/instance.h"

/*
 * One command as code answers for the common case: test(1) with -O and -G (owned by the effective
 * ids) and -w. True only if it ran and said yes.
 */
static bool quick_yes(struct incus *client, const struct plan *plan) {
    static char *const whole[] = {"test",         "-O", WORKSPACE_PATH, "-a",           "-G",
                                  WORKSPACE_PATH, "-a", "-w",           WORKSPACE_PATH, NULL};
    static char *const without_group[] = {"test", "-O", WORKSPACE_PATH, "-a", "-w", WORKSPACE_PATH, NULL};
    const struct idmap_view *view = &plan->decision.view;
    if (!view->writable || view->seen.uid != plan->code.uid)
        return false;
    /* any group but code's cannot be told by test */
    bool group = view->seen.gid == plan->code.gid;
    if (!group && view->seen.gid != IDMAP_NOBODY)
        return false;
    struct exec_request request = {
        .command = group ? whole : without_group, .uid = plan->code.uid, .gid = plan->code.gid};
    _cleanup_(error_done) struct error ignored = {0};
    int status = -1;
    return exec_run(client, plan->name, &request, &status, &ignored) && status == 0;
}

/* Whether code may write there; an image without test(1) cannot be asked, which is no fault. */
static bool writable_inside(struct incus *client, const struct plan *plan, bool *writable,
                            struct error *err) {
    static char *const command[] = {"test", "-w", WORKSPACE_PATH, NULL};
    struct exec_request request = {.command = command, .uid = plan->code.uid, .gid = plan->code.gid};
    int status = -1;
    if (!exec_run(client, plan->name, &request, &status, err))
        return false;
    *writable = status != 1;
    return true;
}

bool verify_mapping(struct incus *client, const struct plan *plan, struct error *err) {
    const struct idmap_view *view = &plan->decision.view;
    if (quick_yes(client, plan))
        return true;
    long uid = -1, gid = -1;
    if (!instance_owner(client, plan->name, WORKSPACE_PATH, &uid, &gid, err)) {
        error_prefix(err, "cannot look at " WORKSPACE_PATH " in %s", plan->name);
        return false;
    }
    if (uid != (long)view->seen.uid || gid != (long)view->seen.gid) {
        error_set(err, ERROR_FAILED,
                  "the mapping of %s is not what was predicted: " WORKSPACE_PATH
                  " is seen inside as %ld:%ld, not as %u:%u",
                  plan->name, uid, gid, view->seen.uid, view->seen.gid);
        error_hint(err,
                   "what code writes could belong to nobody, so nothing was run; please report this with "
                   "the output of berth idmap");
        return false;
    }
    bool writable = true;
    if (view->writable && !writable_inside(client, plan, &writable, err))
        return false;
    if (view->writable && !writable) {
        error_set(err, ERROR_FAILED,
                  WORKSPACE_PATH " in %s is not writable by %u:%u, against the prediction", plan->name,
                  plan->code.uid, plan->code.gid);
        error_hint(err, "is the workspace on a filesystem mounted read-only, or under an access list?");
        return false;
    }
    return true;
}
