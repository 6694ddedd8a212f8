#include "launch/verify.h"

#include "incus/exec.h"
#include "incus/instance.h"
#include "launch/fit.h"
#include "launch/nics.h"
#include "launch/seen.h"
#include "workspace/workspace.h"

struct verification {
    struct incus *client;
    const struct plan *plan;
    struct question_inside *quick; /* NULL: the prediction cannot be asked for in one command */
};

bool verify_shift_beside_raw(const char *device, const char *name, struct error *err) {
    error_set(err, ERROR_REFUSED,
              "device \"%s\" of the profiles has shift=true beside raw.idmap: %s was not started", device,
              name);
    error_hint(err, "incus profile device set default %s shift=false", device);
    return false;
}

bool verify_instance_safe(const struct instance *instance, struct error *err) {
    const char *privileged = instance_config(instance, "security.privileged");
    const char *raw = instance_config(instance, "raw.idmap");
    if (*privileged && !str_equal(privileged, "false"))
        return error_set(err, ERROR_REFUSED, "the profiles make %s privileged: it was not used",
                         instance->name);
    const char *device;
    const json_t *properties;
    json_object_foreach((json_t *)instance->devices, device, properties) {
        if (*raw && str_equal(json_get_str(properties, "shift"), "true"))
            return verify_shift_beside_raw(device, instance->name, err);
    }
    return true;
}

bool verify_instance(const struct instance *instance, const struct plan *plan, struct error *err) {
    if (!verify_instance_safe(instance, err))
        return false;
    const char *raw = instance_config(instance, "raw.idmap");
    const char *extra;
    /* a profile that was changed meanwhile would open a second way */
    if (plan->mode != NETWORK_OPEN && !plan->other_network &&
        !nics_match(instance, json_at(plan->body, "devices"), &extra))
        return nics_refuse(instance->name, extra ? extra : "eth0", plan->mode, err);
    return str_equal(raw, plan->decision.raw) ||
           error_set(err, ERROR_REFUSED, "raw.idmap of %s is \"%s\", not what was planned: it was not used",
                     instance->name, raw);
}

bool verify_expanded(struct incus *client, const struct plan *plan, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    return instance_get(client, plan->name, &instance, err) && verify_instance(&instance, plan, err);
}

enum quick { QUICK_NOT, QUICK_WHOLE, QUICK_WITHOUT_GROUP };

/*
 * Whether test(1), run as code with -O and -G (owned by the effective ids) and -w, can tell that the
 * prediction holds. Any group but code's and nogroup it cannot tell.
 */
static enum quick quick_way(const struct plan *plan) {
    const struct idmap_view *view = &plan->decision.view;
    if (plan->other_mapping || !view->writable || view->seen.uid != plan->code.uid)
        return QUICK_NOT;
    return view->seen.gid == plan->code.gid ? QUICK_WHOLE
           : view->seen.gid == IDMAP_NOBODY ? QUICK_WITHOUT_GROUP
                                            : QUICK_NOT;
}

/* Code's home belongs to it, or the image has not the user that it should have. */
#define HOME_IS_OURS "[ -O \"$HOME\" ]"

char *verify_condition(const struct plan *plan) {
    static const char *const conditions[] = {
        [QUICK_NOT] = NULL,
        [QUICK_WHOLE] = "[ -O " WORKSPACE_PATH " ] && [ -G " WORKSPACE_PATH " ] && [ -w " WORKSPACE_PATH
                        " ] && " HOME_IS_OURS,
        [QUICK_WITHOUT_GROUP] = "[ -O " WORKSPACE_PATH " ] && [ -w " WORKSPACE_PATH " ] && " HOME_IS_OURS};
    const char *condition = conditions[quick_way(plan)];
    return !condition        ? NULL
           : *plan->expected ? str_printf("%s && %s", condition, seen_mounts)
                             : str_copy(condition);
}

char *verify_gate(const struct plan *plan) {
    _cleanup_free_ char *condition = verify_condition(plan);
    return condition ? str_printf(SEEN_VARIABLE "=$3\n%s", condition) : NULL;
}

struct verification *verify_begin(struct incus *client, const struct plan *plan) {
    struct verification *verification = mem_new(sizeof *verification);
    *verification = (struct verification){.client = client, .plan = plan};
    _cleanup_free_ char *condition = verify_condition(plan);
    _cleanup_json_ json_t *environment = seen_environment(plan);
    char *command[] = {"sh", "-c", condition, NULL};
    if (condition)
        verification->quick = exec_ask(client, plan->name,
                                       &(struct exec_request){.command = command,
                                                              .uid = plan->code.uid,
                                                              .gid = plan->code.gid,
                                                              .environment = environment});
    return verification;
}

void verification_free(struct verification *verification) {
    if (!verification)
        return;
    exec_ask_free(verification->quick);
    free(verification);
}

/* True only if it was asked, ran and said yes. The only error is that it was not waited for. */
static bool quick_yes(struct verification *verification, struct error *err) {
    _cleanup_(error_done) struct error asking = {0};
    int status = -1;
    if (verification->quick && exec_answer(verification->quick, &status, &asking) && status == 0)
        return true;
    if (asking.class == ERROR_CANCELLED)
        error_move(err, &asking);
    return false;
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

bool verify_end(struct verification *verification, const struct launch_watcher *watcher,
                struct error *err) {
    if (quick_yes(verification, err))
        return true;
    return err->class != ERROR_CANCELLED &&
           verify_slowly(verification->client, verification->plan, watcher, err);
}

bool verify_slowly(struct incus *client, const struct plan *plan, const struct launch_watcher *watcher,
                   struct error *err) {
    const struct idmap_view *view = &plan->decision.view;
    if (plan->other_mapping)
        return seen_verify(client, plan, watcher, err);
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
    if (!plan->reused)
        fit_check(client, plan, watcher);
    return seen_verify(client, plan, watcher, err);
}
