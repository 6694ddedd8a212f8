#include "launch/label.h"

#include <string.h>

struct idmap_ids label_ids(const char *label) {
    _cleanup_free_ char *text = str_copy(label);
    char *rest = text;
    unsigned long uid, gid;
    const char *first = strsep(&rest, ":");
    if (!rest || !str_to_number(first, UINT32_MAX - 1, &uid) || !str_to_number(rest, UINT32_MAX - 1, &gid))
        return (struct idmap_ids){0, 0};
    return (struct idmap_ids){(uid_t)uid, (gid_t)gid};
}

struct idmap_ids label_recorded_code(const struct instance *instance) {
    return label_ids(instance_config(instance, LABEL_CODE));
}

struct idmap_ids label_host(const struct instance *instance) {
    return label_ids(instance_config(instance, LABEL_HOST));
}

struct idmap_ids label_code_or(struct idmap_ids recorded, const struct settings *settings) {
    return recorded.uid ? recorded
                        : (struct idmap_ids){settings_id(settings, SETTING_CODE_UID),
                                             settings_id(settings, SETTING_CODE_GID)};
}

struct idmap_ids label_code(const struct instance *instance, const struct settings *settings) {
    return label_code_or(label_recorded_code(instance), settings);
}

bool label_is_of(const struct instance *instance, const struct workspace *workspace) {
    const char *path = instance_config(instance, LABEL_WORKSPACE);
    return *path ? str_equal(path, workspace->path)
                 : str_equal(instance_device(instance, WORKSPACE_DEVICE, "source"), workspace->source);
}

bool label_is_persistent(const struct instance *instance, struct records *records) {
    const char *label = instance_config(instance, LABEL_PERSISTENT);
    if (instance->ephemeral || *label)
        return !instance->ephemeral && !str_equal(label, "false");
    if (!records->loaded)
        records_load(records);
    const struct record *record = records_of_container(records, instance->name);
    return !record || record->persistent;
}
