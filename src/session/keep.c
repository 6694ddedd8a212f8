#include "session/keep.h"

#include "session/plan.h"

bool keep_is_kept(const struct session_row *row, const struct records *records) {
    if (row->ephemeral || row->kept_known)
        return row->persistent;
    const struct record *record = records_of_container(records, row->name);
    return !record || record->persistent;
}

bool keep_change(struct incus *client, const char *name, bool kept, const struct records *records,
                 struct error *err) {
    _cleanup_json_ json_t *body =
        json_pack("{s:b, s:{s:s}}", "ephemeral", 0, "config", PERSISTENT_KEY, kept ? "true" : "false");
    if (!instance_patch(client, name, body, err))
        return false;
    for (size_t i = 0; i < records->count; i++) {
        struct record *record = &records->items[i];
        if (!str_equal(record->container, name))
            continue;
        record->persistent = kept;
        if (!record_save(record, err))
            return false;
    }
    return true;
}
