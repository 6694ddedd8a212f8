#include "ui/state/mapping.h"

#include "idmap/explain.h"
#include "launch/guarding.h"

/* Entries that are looked at: as many as no key has to wait for. */
#define ENTRIES_LIMIT 1000

void mapping_done(struct mapping *mapping) {
    free(mapping->workspace);
    error_done(&mapping->err);
    owners_done(&mapping->owners);
    protection_done(&mapping->protection);
    error_done(&mapping->guard_err);
    free(mapping->container);
    inspection_done(&mapping->inspection);
    *mapping = (struct mapping){0};
}

void mapping_look_at_guard(struct mapping *mapping, const struct settings *settings) {
    const struct launch_request request = {.settings = settings};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    protection_done(&mapping->protection);
    error_done(&mapping->guard_err);
    if (mapping->facts.elsewhere)
        return;
    if (!prepare_mounts(&request, &mounts, &mapping->guard_err) ||
        !protection_load(mapping->workspace, settings, &mounts, &mapping->protection, &mapping->guard_err))
        protection_done(&mapping->protection);
}

void mapping_there(struct mapping *mapping, const struct settings *settings,
                   const struct workspace *workspace, const struct facts_there *there,
                   const struct server *server) {
    mapping_done(mapping);
    mapping->workspace = str_copy(workspace->path);
    mapping->known = prepare_decision(settings, workspace->source, there, NULL, server, &mapping->facts,
                                      &mapping->decision, &mapping->err);
    if (mapping->known)
        mapping_look_at_guard(mapping, settings);
}

void mapping_elsewhere(struct mapping *mapping, const struct settings *settings, const char *path,
                       struct idmap_ids owner) {
    _cleanup_free_ char *first = NULL, *second = NULL;
    _cleanup_(workspace_done) struct workspace workspace = {0};
    const char *there_path = NULL;
    mapping_done(mapping);
    if (!workspace_is_qualified(path, &first, &second, &there_path))
        return;
    const char *name = second ? second : first;
    const struct machine *machine = machines_find(&settings->machines, MACHINE_MEMBER, name);
    if (!machine)
        machine = machines_find(&settings->machines, MACHINE_REMOTE, first);
    struct facts_there there = {.machine = name, .elsewhere = true, .from = IDMAP_FROM_NOWHERE};
    if (owner.uid)
        there.from = IDMAP_FROM_PROBE, there.ids = owner;
    else if (machine_ids(machine, &there.ids.uid, &there.ids.gid))
        there.from = IDMAP_FROM_SETTINGS;
    if (workspace_elsewhere(NULL, there_path, &workspace, &mapping->err))
        mapping_there(mapping, settings, &workspace, &there, NULL);
    str_set(&mapping->workspace, path);
}

void mapping_of_workspace(struct mapping *mapping, const struct settings *settings, const char *path,
                          const struct server *server) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *there = NULL;
    if (workspace_is_qualified(path, &first, &second, &there)) {
        mapping_elsewhere(mapping, settings, path, (struct idmap_ids){0, 0});
        return;
    }
    mapping_done(mapping);
    if (!workspace_find(path, &workspace, &mapping->err)) {
        str_set(&mapping->workspace, workspace.path ? workspace.path : path);
        return;
    }
    mapping->workspace = str_copy(workspace.path);
    const struct launch_request request = {.settings = settings};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    bool good = prepare_mounts(&request, &mounts, &mapping->err);
    if (good)
        guarding_disks_of(&workspace, settings, server ? &server->project : NULL, &mounts);
    mapping->known = good && prepare_decision(settings, workspace.source, NULL, &mounts, server,
                                              &mapping->facts, &mapping->decision, &mapping->err);
    if (mapping->known)
        mapping_look_at_guard(mapping, settings);
    if (mapping->known && mapping->decision.method != IDMAP_REFUSED)
        owners_count(workspace.source, ENTRIES_LIMIT, &mapping->owners);
}

bool mapping_differs(const struct mapping *mapping) {
    const struct inspection *real = &mapping->inspection;
    return mapping->known && mapping->inspected && *real->source &&
           mapping->decision.reason != IDMAP_IDS_UNKNOWN &&
           (!str_equal(real->raw, mapping->decision.raw) || real->shift != mapping->decision.shift);
}

bool mapping_is_bad(const struct mapping *mapping) {
    if (!mapping->workspace)
        return false;
    if (!mapping->known || mapping->decision.method == IDMAP_REFUSED || !mapping->decision.view.writable)
        return true;
    return mapping->inspected && *mapping->inspection.source &&
           (!mapping->inspection.holds || !mapping->inspection.writable || mapping_differs(mapping));
}

void mapping_remedies(const struct mapping *mapping, struct strings *remedies) {
    if (mapping->known)
        explain_remedies(&mapping->facts, &mapping->decision, remedies);
    for (size_t i = 0; !mapping->known && i < mapping->err.hints.count; i++)
        strings_add(remedies, mapping->err.hints.items[i]);
}
