#include "ui/state/mapping.h"

#include "idmap/explain.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* Entries that are looked at, and strangers that are named. */
#define ENTRIES_LIMIT 1000
#define NAMED_LIMIT   4

void mapping_done(struct mapping *mapping) {
    free(mapping->workspace);
    error_done(&mapping->err);
    strings_done(&mapping->named);
    free(mapping->container);
    inspection_done(&mapping->inspection);
    *mapping = (struct mapping){0};
}

static bool is_codes(const struct mapping *mapping, uid_t owner) {
    const struct idmap_facts *facts = &mapping->facts;
    return owner == (mapping->decision.method == IDMAP_RAW ? facts->host.uid : facts->code.uid);
}

static void cleanup_dir(DIR **directory) {
    if (*directory)
        closedir(*directory);
}

static void look_at_entries(struct mapping *mapping, const char *source) {
    _cleanup_(cleanup_dir) DIR *directory = opendir(source);
    for (const struct dirent *entry; directory && (entry = readdir(directory));) {
        struct stat info;
        if (str_equal(entry->d_name, ".") || str_equal(entry->d_name, "..") ||
            fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        mapping->more = mapping->entries == ENTRIES_LIMIT;
        if (mapping->more)
            return;
        mapping->entries++;
        if (is_codes(mapping, info.st_uid))
            continue;
        if (mapping->strangers++ < NAMED_LIMIT)
            strings_printf(&mapping->named, "%s (%u:%u)", entry->d_name, info.st_uid, info.st_gid);
    }
}

void mapping_of_workspace(struct mapping *mapping, const struct settings *settings, const char *path,
                          const struct server *server) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    mapping_done(mapping);
    if (!workspace_find(path, &workspace, &mapping->err)) {
        str_set(&mapping->workspace, workspace.path ? workspace.path : path);
        return;
    }
    mapping->workspace = str_copy(workspace.path);
    const struct launch_request request = {.settings = settings};
    _cleanup_(mounts_done) struct mounts mounts = {0};
    mapping->known = prepare_mounts(&request, &mounts, &mapping->err) &&
                     prepare_decision(settings, workspace.source, &mounts, server, &mapping->facts,
                                      &mapping->decision, &mapping->err);
    if (mapping->known && mapping->decision.method != IDMAP_REFUSED)
        look_at_entries(mapping, workspace.source);
}

bool mapping_differs(const struct mapping *mapping) {
    const struct inspection *real = &mapping->inspection;
    return mapping->known && mapping->inspected && *real->source &&
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
