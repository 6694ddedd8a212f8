#include "session/inspect.h"

#include "incus/instance.h"
#include "launch/label.h"

#include <string.h>
#include <sys/stat.h>

void inspection_done(struct inspection *inspection) {
    free(inspection->name);
    free(inspection->status);
    free(inspection->raw);
    json_decref(inspection->current);
    json_decref(inspection->disks);
    free(inspection->source);
    *inspection = (struct inspection){0};
}

unsigned int inspect_through(const json_t *map, bool group, unsigned int id) {
    size_t index;
    const json_t *range;
    json_array_foreach(map, index, range) {
        int64_t host = json_int_at(range, "Hostid"), inside = json_int_at(range, "Nsid"),
                size = json_int_at(range, "Maprange");
        if (json_bool_at(range, group ? "Isgid" : "Isuid") && id >= host && id < host + size)
            return (unsigned int)(inside + (id - host));
    }
    return IDMAP_NOBODY;
}

static void read_disks(struct inspection *inspection, const struct instance *instance) {
    const char *name;
    const json_t *device;
    inspection->disks = json_array();
    json_object_foreach((json_t *)instance->devices, name, device) {
        if (!str_equal(json_get_str(device, "type"), "disk") ||
            str_equal(json_get_str(device, "path"), "/"))
            continue;
        bool shift = str_equal(json_get_str(device, "shift"), "true");
        json_array_append_new(inspection->disks, json_pack("{s:s, s:s, s:s, s:b}", "device", name, "source",
                                                           json_get_str(device, "source"), "path",
                                                           json_get_str(device, "path"), "shift", shift));
    }
    inspection->source = str_copy(instance_device(instance, WORKSPACE_DEVICE, "source"));
    inspection->shift = str_equal(instance_device(instance, WORKSPACE_DEVICE, "shift"), "true");
}

static void predict(struct inspection *inspection) {
    struct stat info;
    if (!*inspection->source || stat(inspection->source, &info) < 0)
        return;
    inspection->owner_known = true;
    inspection->owner = inspection->predicted = (struct idmap_ids){info.st_uid, info.st_gid};
    if (inspection->shift)
        return;
    inspection->predicted.uid = inspect_through(inspection->current, false, info.st_uid);
    inspection->predicted.gid = inspect_through(inspection->current, true, info.st_gid);
}

bool inspect_instance(struct incus *client, const char *name, const struct settings *settings,
                      struct inspection *inspection, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (!instance_get(client, name, &instance, err))
        return false;
    inspection->name = str_copy(instance.name);
    inspection->status = str_copy(instance.status);
    inspection->raw = str_copy(instance_config(&instance, "raw.idmap"));
    inspection->code = label_code(&instance, settings);
    /* a string that holds JSON; "next" is what the next start will use */
    const char *map = instance_config(&instance, "volatile.idmap.current");
    if (!*map || str_equal(map, "[]"))
        map = instance_config(&instance, "volatile.idmap.next");
    inspection->current = json_parse(map, strlen(map), "volatile.idmap.current", &ignored);
    read_disks(inspection, &instance);
    predict(inspection);
    inspection->holds = true;
    if (instance_running(&instance) && *inspection->source) {
        long uid, gid;
        if (!instance_owner(client, name, WORKSPACE_PATH, &uid, &gid, err))
            return false;
        inspection->seen_known = true;
        inspection->seen = (struct idmap_ids){(uid_t)uid, (gid_t)gid};
        inspection->holds =
            !inspection->owner_known || (inspection->seen.uid == inspection->predicted.uid &&
                                         inspection->seen.gid == inspection->predicted.gid);
    }
    struct idmap_ids best = inspection->seen_known ? inspection->seen : inspection->predicted;
    inspection->writable =
        (inspection->seen_known || inspection->owner_known) && best.uid == inspection->code.uid;
    return true;
}
