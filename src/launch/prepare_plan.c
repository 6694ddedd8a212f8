/* From what was found out to the plan: with what this host contributes to the environment inside. */
#include "guard/head.h"
#include "launch/branch.h"
#include "launch/prepare.h"
#include "workspace/name.h"

#include <limits.h>
#include <string.h>
#include <sys/random.h>

/* The name of the host's time zone, from where systemd and tzdata keep it; "" if it has none. */
static void find_zone(char *zone, size_t room) {
    char target[PATH_MAX];
    const char *variable = getenv("TZ");
    zone[0] = 0;
    if (!str_empty(variable)) {
        snprintf(zone, room, "%s", variable + (variable[0] == ':'));
        return;
    }
    ssize_t length = readlink("/etc/localtime", target, sizeof target - 1);
    if (length <= 0)
        return;
    target[length] = 0;
    const char *name = strstr(target, "/zoneinfo/");
    if (name)
        snprintf(zone, room, "%s", name + strlen("/zoneinfo/"));
}

static void new_launch_id(char *id, size_t room) {
    uint64_t random = 0;
    if (getrandom(&random, sizeof random, 0) < 0)
        random = (uint64_t)getpid();
    snprintf(id, room, "%016llx", (unsigned long long)random);
}

/* What the host contributes to the environment inside; lent, `zone` for as long as the buffer. */
static void read_host(const struct launch_request *request, struct plan_input *input, char *zone,
                      size_t room) {
    const char *language = getenv("LC_ALL"), *term = getenv("TERM");
    if (str_empty(language))
        language = getenv("LANG");
    find_zone(zone, room);
    input->settings = request->settings;
    input->environment = request->environment;
    input->language = language ? language : "";
    input->term = request->terminal && term ? term : "";
    input->zone = zone;
}

json_t *prepare_environment(const struct launch_request *request) {
    struct plan_input input = {0};
    char zone[64];
    read_host(request, &input, zone, sizeof zone);
    return plan_environment(&input);
}

void prepare_plan(const struct prepared *prepared, struct plan *plan) {
    const struct launch_request *request = prepared->request;
    char zone[64], launch_id[20];
    new_launch_id(launch_id, sizeof launch_id);
    _cleanup_free_ char *name = name_of(prepared->prefix, prepared->workspace.path, prepared->slot);
    _cleanup_(git_head_done) struct git_head head = {0};
    bool repository = !prepared->workspace.elsewhere && git_head_read(prepared->workspace.source, &head);
    struct plan_input input = {
        .name = prepared->standby ? prepared->standby : name,
        .launch_id = launch_id,
        .owner = prepared->owner ? owner_label(prepared->owner) : NULL,
        .slot = prepared->slot,
        .workspace = prepared->workspace.path,
        .source = prepared->workspace.source,
        .commit = repository ? head.commit : NULL,
        .persistent = settings_bool(request->settings, SETTING_PERSISTENT),
        .shell = request->shell,
        .session_id = request->plain ? NULL : request->session_id,
        .not_isolated = prepared->not_isolated,
        .no_shift = prepared->no_shift,
        .no_nesting = prepared->no_nesting,
        .no_interception = prepared->no_interception,
        .facts = prepared->facts,
        .decision = prepared->decision,
        .mounts = &prepared->mounts,
        .guard = &prepared->guard,
        .empty = prepared->empty ? prepared->empty : "",
        .apparmor = prepared->apparmor,
        .network = &prepared->network,
        .publishes = &prepared->publishes,
        .nics = prepared->nics,
        .root_device = prepared->root_device,
        .command = &request->command,
    };
    read_host(request, &input, zone, sizeof zone);
    plan_make(&input, plan);
    branch_plan(prepared, plan);
}
