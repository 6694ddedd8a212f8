/* Everything about one workspace, for a terminal and for programs. */
#include "idmap/explain.h"

#include <grp.h>
#include <pwd.h>

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
