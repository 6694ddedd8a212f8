#include "idmap/explain.h"

#include <grp.h>
#include <pwd.h>

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

static const char *explain_source(enum idmap_source source) {
    static const char *const words[] = {
        [IDMAP_FROM_PROCESS] = "process",       [IDMAP_FROM_SUDO] = "sudo",
        [IDMAP_FROM_OWNER] = "workspace-owner", [IDMAP_FROM_SETTINGS] = "settings",
        [IDMAP_FROM_PROBE] = "probe",           [IDMAP_FROM_NOWHERE] = "unknown"};
    return words[source];
}

static const char *explain_delegation(enum idmap_delegation delegation) {
    static const char *const words[] = {[IDMAP_NOT_DELEGATED] = "no",
                                        [IDMAP_DELEGATED] = "yes",
                                        [IDMAP_UNCONSULTED] = "not-consulted",
                                        [IDMAP_UNREAD] = "unknown"};
    return words[delegation];
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

static char *user_name(uid_t uid) {
    const struct passwd *entry = getpwuid(uid);
    return entry ? str_shown(entry->pw_name) : str_printf("%u", uid);
}

static char *group_name(gid_t gid) {
    const struct group *entry = getgrgid(gid);
    return entry ? str_shown(entry->gr_name) : str_printf("%u", gid);
}

static const char *inside_name(unsigned int id, unsigned int code, const char *nobody) {
    return id == code ? "code" : id == IDMAP_NOBODY ? nobody : "?";
}

static void text_lanes(const struct idmap_facts *facts, const struct idmap_decision *decision,
                       struct buffer *out) {
    static const char *const sources[] = {
        [IDMAP_FROM_PROCESS] = "",
        [IDMAP_FROM_SUDO] = "   (who called sudo)",
        [IDMAP_FROM_OWNER] = "   (the workspace's owner, as you are root)",
        [IDMAP_FROM_SETTINGS] = "   (as the settings say of that machine)",
        [IDMAP_FROM_PROBE] = "   (as a container there has seen it)",
        [IDMAP_FROM_NOWHERE] = "   (a container there will show it)"};
    if (facts->source == IDMAP_FROM_NOWHERE) {
        buffer_printf(out, "  %-10s uid %-6s --- ? --> code  uid %u%s\n", "?", "?", facts->code.uid,
                      sources[facts->source]);
        buffer_printf(out, "  %-10s gid %-6s --- ? --> code  gid %u\n", "?", "?", facts->code.gid);
        return;
    }
    /* names are each machine's own */
    _cleanup_free_ char *user = *facts->machine ? str_copy("there") : user_name(facts->host.uid);
    _cleanup_free_ char *group = *facts->machine ? str_copy("there") : group_name(facts->host.gid);
    bool refused = decision->method == IDMAP_REFUSED;
    buffer_printf(out, "  %-10s uid %-6u %s code  uid %u%s\n", user, facts->host.uid,
                  refused ? "--- x -->" : "-------->", facts->code.uid, sources[facts->source]);
    buffer_printf(out, "  %-10s gid %-6u %s code  gid %u\n", group, facts->host.gid,
                  refused || !decision->group_mapped ? "--- x -->" : "-------->", facts->code.gid);
}

static void text_view(const struct idmap_facts *facts, const struct idmap_decision *decision,
                      struct buffer *out) {
    const struct idmap_view *view = &decision->view;
    buffer_printf(out, "predicted   /workspace seen as %u:%u (%s:%s), %s\n", view->seen.uid, view->seen.gid,
                  inside_name(view->seen.uid, facts->code.uid, "nobody"),
                  inside_name(view->seen.gid, facts->code.gid, "nogroup"),
                  view->writable ? "writable by code" : "NOT writable by code");
    if (!view->writable)
        return;
    buffer_printf(out, "            new files belong to uid %u, ", view->made.uid);
    if (view->made_gid_known)
        buffer_printf(out, "gid %u on the host\n", view->made.gid);
    else
        buffer_text(out, "and to a group of the container's own on the host\n");
}

/* What is done where the filesystem turns out not to take idmapped mounts. */
static void text_otherwise(const struct idmap_facts *facts, const struct idmap_decision *other,
                           struct buffer *out) {
    _cleanup_free_ char *raw = explain_raw(other->raw);
    if (other->method == IDMAP_REFUSED) {
        _cleanup_free_ char *reason = explain_reason(facts, other);
        buffer_printf(out, "or else     refused: %s\n", reason);
        return;
    }
    buffer_printf(out, "or else     raw: raw.idmap %s\n", raw);
    text_view(facts, other, out);
}

static void text_list(const char *heading, const struct strings *list, struct buffer *out) {
    for (size_t i = 0; i < list->count; i++)
        buffer_printf(out, "%-11s %s\n", heading, list->items[i]);
}

void explain_text(const char *workspace, const struct idmap_facts *facts,
                  const struct idmap_decision *decision, struct buffer *out) {
    _cleanup_free_ char *shown = str_shown(workspace), *reason = explain_reason(facts, decision),
                        *raw = explain_raw(decision->raw);
    if (facts->elsewhere)
        buffer_printf(out, "workspace   %s (a directory of %s: not looked at from here)\n", shown,
                      facts->machine);
    else
        buffer_printf(out, "workspace   %s (%s, owner %u:%u, mode %04o)\n", shown, facts->filesystem,
                      facts->owner.uid, facts->owner.gid, facts->mode);
    text_lanes(facts, decision, out);
    buffer_printf(out, "method      %s%s%s%s\n", explain_method(decision->method),
                  decision->shift ? ": an idmapped mount, shift=true" : "",
                  decision->raw[0] ? ": raw.idmap " : "", raw);
    buffer_printf(out, "because     %s\n", reason);
    if (facts->source == IDMAP_FROM_NOWHERE)
        buffer_printf(out, "delegated   unknown: it stands in %s's files\n", facts->machine);
    else
        buffer_printf(out, "delegated   uid %u: %s, gid %u: %s\n", facts->host.uid,
                      explain_delegation(facts->uid_delegation), facts->host.gid,
                      explain_delegation(facts->gid_delegation));
    buffer_printf(out, "idmapped    %s: %s, daemon: %s\n", facts->deciding, explain_answer(facts->mount_ok),
                  explain_answer(facts->daemon_ok));
    if (facts->vm != IDMAP_VM_NONE)
        buffer_printf(out, "vm host     %s (%s)\n", explain_vm(facts->vm), facts->vm_evidence);
    if (*facts->project.name)
        buffer_printf(out, "project     %s, which restricts what it may do\n", facts->project.name);
    if (decision->method != IDMAP_REFUSED && decision->reason != IDMAP_IDS_UNKNOWN)
        text_view(facts, decision, out);
    if (decision->warnings & IDMAP_WARN_SHIFT_UNPROVEN) {
        struct idmap_decision other = idmap_decide_without_shift(facts);
        text_otherwise(facts, &other, out);
    }
    _cleanup_(strings_done) struct strings warnings = {0}, remedies = {0};
    explain_warnings(facts, decision, &warnings);
    explain_remedies(facts, decision, &remedies);
    text_list("warning", &warnings, out);
    text_list("to do", &remedies, out);
}

static json_t *strings_json(const struct strings *list) {
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, json_text(list->items[i]));
    return array;
}

json_t *explain_decision_json(const struct idmap_decision *decision) {
    json_t *value = json_pack("{s:s, s:s, s:s, s:b, s:b}", "method", explain_method(decision->method),
                              "reason", explain_reason_code(decision->reason), "raw", decision->raw,
                              "shift", decision->shift, "group_mapped", decision->group_mapped);
    if (decision->method == IDMAP_REFUSED)
        return value;
    const struct idmap_view *view = &decision->view;
    json_t *made_gid = view->made_gid_known ? json_integer(view->made.gid) : json_null();
    json_object_set_new(value, "predicted",
                        json_pack("{s:I, s:I, s:b, s:I, s:o}", "uid", (json_int_t)view->seen.uid, "gid",
                                  (json_int_t)view->seen.gid, "writable", view->writable, "new_uid",
                                  (json_int_t)view->made.uid, "new_gid", made_gid));
    return value;
}

static json_t *ids_json(struct idmap_ids ids) {
    return json_pack("{s:I, s:I}", "uid", (json_int_t)ids.uid, "gid", (json_int_t)ids.gid);
}

static json_t *facts_json(const struct idmap_facts *facts) {
    json_t *host = ids_json(facts->host), *owner = ids_json(facts->owner);
    json_object_set_new(host, "source", json_string(explain_source(facts->source)));
    json_object_set_new(owner, "mode", json_integer(facts->mode));
    if (facts->source == IDMAP_FROM_NOWHERE) {
        json_object_set_new(host, "uid", json_null());
        json_object_set_new(host, "gid", json_null());
    }
    if (facts->elsewhere) {
        json_decref(owner);
        owner = json_null();
    }
    return json_pack(
        "{s:o, s:o, s:o, s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "host", host, "code",
        ids_json(facts->code), "owner", owner, "delegated", "uid",
        explain_delegation(facts->uid_delegation), "gid", explain_delegation(facts->gid_delegation),
        "filesystem", facts->filesystem, "deciding_filesystem", facts->deciding, "idmapped_mounts",
        explain_answer(facts->mount_ok), "daemon_idmapped_mounts", explain_answer(facts->daemon_ok), "vm",
        explain_vm(facts->vm), "vm_evidence", facts->vm_evidence, "project", facts->project.name,
        "disable_shift", facts->disable_shift, "profile_maps", facts->profile_maps);
}

json_t *explain_json(const char *workspace, const struct idmap_facts *facts,
                     const struct idmap_decision *decision) {
    _cleanup_(strings_done) struct strings warnings = {0}, remedies = {0};
    explain_warnings(facts, decision, &warnings);
    explain_remedies(facts, decision, &remedies);
    _cleanup_free_ char *reason = explain_reason(facts, decision);
    json_t *value = json_object();
    json_object_set_new(value, "workspace", json_text(workspace));
    json_object_set_new(value, "facts", facts_json(facts));
    json_object_set_new(value, "decision", explain_decision_json(decision));
    if (decision->warnings & IDMAP_WARN_SHIFT_UNPROVEN) {
        struct idmap_decision other = idmap_decide_without_shift(facts);
        json_object_set_new(value, "otherwise", explain_decision_json(&other));
    }
    json_object_set_new(value, "because", json_text(reason));
    json_object_set_new(value, "warnings", strings_json(&warnings));
    json_object_set_new(value, "remedies", strings_json(&remedies));
    return value;
}
