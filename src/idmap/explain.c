#include "idmap/explain.h"

const char *explain_method(enum idmap_method method) {
    static const char *const names[] = {
        [IDMAP_REFUSED] = "refused", [IDMAP_RAW] = "raw", [IDMAP_SHIFT] = "shift"};
    return names[method];
}

const char *explain_reason_code(enum idmap_reason reason) {
    static const char *const codes[] = {
        [IDMAP_IDS_MATCH] = "ids-match",
        [IDMAP_IDS_DIFFER] = "ids-differ",
        [IDMAP_SHIFT_DISABLED] = "shift-disabled",
        [IDMAP_VM_HOST] = "vm-host",
        [IDMAP_FILESYSTEM] = "filesystem",
        [IDMAP_NO_DAEMON_SUPPORT] = "no-daemon-support",
        [IDMAP_PROFILE] = "profile",
        [IDMAP_NOT_DELEGATED_IDS] = "not-delegated",
        [IDMAP_HOST_ROOT] = "host-root",
        [IDMAP_CODE_ROOT] = "code-root",
        [IDMAP_PROJECT_IDS] = "project-ids",
        [IDMAP_PROJECT_DISK] = "project-disk",
        [IDMAP_IDS_UNKNOWN] = "ids-unknown",
    };
    return codes[reason];
}

const char *explain_vm(enum idmap_vm vm) {
    static const char *const names[] = {
        [IDMAP_VM_NONE] = "none",         [IDMAP_VM_LIMA] = "Lima", [IDMAP_VM_COLIMA] = "Colima",
        [IDMAP_VM_ORBSTACK] = "OrbStack", [IDMAP_VM_WSL] = "WSL",
    };
    return names[vm];
}

const char *explain_answer(enum idmap_answer answer) {
    static const char *const words[] = {
        [IDMAP_UNKNOWN] = "unknown", [IDMAP_NO] = "no", [IDMAP_YES] = "yes"};
    return words[answer];
}

char *explain_raw(const char *raw) {
    struct buffer out = {0};
    buffer_text(&out, "");
    for (; *raw; raw++)
        buffer_add(&out, *raw == '\n' ? ", " : raw, *raw == '\n' ? 2 : 1);
    return out.data;
}

char *explain_reason(const struct idmap_facts *facts, const struct idmap_decision *decision) {
    switch (decision->reason) {
    case IDMAP_IDS_MATCH:
        return str_printf("host ids %u:%u are code's ids, and %s %s idmapped mounts", facts->host.uid,
                          facts->host.gid, facts->deciding,
                          facts->mount_ok == IDMAP_YES ? "takes" : "may take");
    case IDMAP_IDS_DIFFER:
        if (facts->host.uid != facts->code.uid)
            return str_printf("host uid %u is not code uid %u", facts->host.uid, facts->code.uid);
        return str_printf("host gid %u is not code gid %u", facts->host.gid, facts->code.gid);
    case IDMAP_SHIFT_DISABLED:
        return str_copy("the ids match, but disable_shift is set");
    case IDMAP_VM_HOST:
        return str_printf("the ids match, but idmapped mounts are not to be relied on under %s (%s)",
                          explain_vm(facts->vm), facts->vm_evidence);
    case IDMAP_FILESYSTEM:
        return str_printf("the ids match, but %s does not take idmapped mounts", facts->deciding);
    case IDMAP_NO_DAEMON_SUPPORT:
        return str_copy("the ids match, but this kernel or daemon has no idmapped mounts");
    case IDMAP_PROFILE:
        return str_copy(
            "the ids match, but the default profile has a raw.idmap of its own, beside which no "
            "mount can shift");
    case IDMAP_PROJECT_IDS:
        return str_printf("project %s does not allow host uid %u to be mapped", facts->project.name,
                          facts->host.uid);
    case IDMAP_PROJECT_DISK:
        return str_printf("project %s does not allow %s to be mounted", facts->project.name,
                          facts->project.no_source);
    case IDMAP_NOT_DELEGATED_IDS:
        return str_printf(
            "host uid %u is not delegated to the Incus daemon, so no container can be given it",
            facts->host.uid);
    case IDMAP_HOST_ROOT:
        return str_copy("host root is never mapped into a container: code inside would be root here, for "
                        "every file that it reaches");
    case IDMAP_IDS_UNKNOWN:
        return decision->method == IDMAP_REFUSED
                   ? str_printf("whose the directory on %s is cannot be seen by a container there",
                                facts->machine)
                   : str_printf(
                         "whose the directory on %s is is not known from here: the container shows it, "
                         "before anything is run in it",
                         facts->machine);
    case IDMAP_CODE_ROOT:
        return str_copy("code_uid is 0: the user inside must not be the container's root");
    }
    return str_copy("");
}

static bool lacks_gid(const struct idmap_facts *facts) {
    return facts->gid_delegation == IDMAP_NOT_DELEGATED && facts->host.gid != 0;
}

void explain_warnings(const struct idmap_facts *facts, const struct idmap_decision *decision,
                      struct strings *warnings) {
    if (decision->warnings & IDMAP_WARN_GROUP_UNMAPPED && facts->host.gid == 0)
        strings_add(warnings, "the group is root's, which is never mapped: it shows as nogroup inside");
    else if (decision->warnings & IDMAP_WARN_GROUP_UNMAPPED && facts->project.no_gid)
        strings_printf(
            warnings,
            "project %s does not allow host gid %u to be mapped: the group shows as nogroup inside",
            facts->project.name, facts->host.gid);
    else if (decision->warnings & IDMAP_WARN_GROUP_UNMAPPED)
        strings_printf(warnings, "host gid %u is not delegated: the group shows as nogroup inside",
                       facts->host.gid);
    if (decision->warnings & IDMAP_WARN_OWNER_UNMAPPED)
        strings_printf(warnings,
                       "the workspace belongs to uid %u, not to you (%u): inside it is not code's",
                       facts->owner.uid, facts->host.uid);
    if (decision->warnings & IDMAP_WARN_NOT_WRITABLE)
        strings_printf(warnings, "code will not be able to write to the workspace (owner %u:%u, mode %04o)",
                       facts->owner.uid, facts->owner.gid, facts->mode);
    if (decision->warnings & IDMAP_WARN_SHIFT_UNPROVEN)
        strings_printf(
            warnings, "whether %s takes idmapped mounts here shows at the start; if not, raw.idmap is used",
            facts->deciding);
    if (decision->warnings & IDMAP_WARN_UNREAD)
        strings_printf(warnings, "whether %s may map uid %u stands in its /etc/subuid: the start shows it",
                       facts->machine, facts->host.uid);
    if (decision->warnings & IDMAP_WARN_DAEMON_UNKNOWN)
        strings_add(warnings, "the daemon was not asked whether it has idmapped mounts");
    if (decision->warnings & IDMAP_WARN_SUBID && facts->subuid_malformed)
        strings_printf(warnings, "/etc/subuid, line %u is no \"user:first:count\" and counts for nothing",
                       facts->subuid_malformed);
    if (decision->warnings & IDMAP_WARN_SUBID && facts->subgid_malformed)
        strings_printf(warnings, "/etc/subgid, line %u is no \"user:first:count\" and counts for nothing",
                       facts->subgid_malformed);
}

size_t explain_lines(const struct idmap_facts *facts, const struct idmap_decision *decision,
                     struct idmap_line lines[2]) {
    bool uid = decision->reason == IDMAP_NOT_DELEGATED_IDS;
    bool gid = (uid || decision->warnings & IDMAP_WARN_GROUP_UNMAPPED) && lacks_gid(facts) &&
               !facts->project.no_gid;
    size_t count = 0;
    if (uid) {
        lines[count].file = "/etc/subuid";
        snprintf(lines[count++].line, sizeof lines[0].line, "root:%u:1", facts->host.uid);
    }
    if (gid) {
        lines[count].file = "/etc/subgid";
        snprintf(lines[count++].line, sizeof lines[0].line, "root:%u:1", facts->host.gid);
    }
    return count;
}

static void disk_remedies(const struct idmap_project *project, struct strings *remedies) {
    if (!*project->allowed) {
        strings_printf(remedies,
                       "an administrator allows it: incus project set %s restricted.devices.disk=allow "
                       "restricted.devices.disk.paths=%s",
                       project->name, project->no_source);
        return;
    }
    strings_printf(remedies, "put the workspace below %s", project->allowed);
    strings_printf(
        remedies, "or an administrator allows it: incus project set %s restricted.devices.disk.paths=%s,%s",
        project->name, project->allowed, project->no_source);
}

void explain_remedies(const struct idmap_facts *facts, const struct idmap_decision *decision,
                      struct strings *remedies) {
    unsigned int warnings = decision->warnings;
    struct idmap_line lines[2];
    size_t count = explain_lines(facts, decision, lines);
    for (size_t i = 0; i < count; i++)
        strings_printf(remedies, "echo %s | sudo tee -a %s", lines[i].line, lines[i].file);
    if (decision->reason == IDMAP_IDS_UNKNOWN && decision->method == IDMAP_REFUSED)
        strings_printf(remedies,
                       "[member %s] (or [remote %s]) uid = UID, gid = GID, in the settings, say it",
                       facts->machine, facts->machine);
    if (decision->reason == IDMAP_PROJECT_DISK)
        disk_remedies(&facts->project, remedies);
    if (decision->reason == IDMAP_PROJECT_IDS)
        strings_printf(
            remedies,
            "the project's own user has to start it, or an administrator allows it: incus project "
            "set %s restricted.idmap.uid=%u restricted.idmap.gid=%u",
            facts->project.name, facts->host.uid, facts->host.gid);
    if (decision->reason == IDMAP_HOST_ROOT)
        strings_add(remedies,
                    "run berth as your own user, or give the workspace to one: chown -R USER: WORKSPACE");
    if (decision->reason == IDMAP_CODE_ROOT)
        strings_add(
            remedies,
            "set code_uid in ~/.config/berth/config.ini to the user's uid in the image, 1000 as a rule");
    if (warnings & IDMAP_WARN_NOT_WRITABLE && warnings & IDMAP_WARN_OWNER_UNMAPPED)
        strings_printf(remedies, "sudo chown -R %u:%u WORKSPACE", facts->host.uid, facts->host.gid);
    else if (warnings & IDMAP_WARN_NOT_WRITABLE)
        strings_add(remedies, "chmod u+rwx WORKSPACE");
}

bool explain_refusal(const struct idmap_facts *facts, const struct idmap_decision *decision,
                     struct error *err) {
    _cleanup_free_ char *reason = explain_reason(facts, decision);
    error_set(err, ERROR_REFUSED, "nothing was launched: %s", reason);
    _cleanup_(strings_done) struct strings remedies = {0};
    explain_remedies(facts, decision, &remedies);
    for (size_t i = 0; i < remedies.count; i++)
        error_hint(err, "%s", remedies.items[i]);
    return false;
}
