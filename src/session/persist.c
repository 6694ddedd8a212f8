#include "session/persist.h"

#include "launch/label.h"

bool persist_change(struct incus *client, const char *name, bool persistent, const struct records *records,
                    struct error *err) {
    _cleanup_json_ json_t *body = json_pack("{s:b, s:{s:s}}", "ephemeral", 0, "config", LABEL_PERSISTENT,
                                            persistent ? "true" : "false");
    if (!instance_patch(client, name, body, err))
        return false;
    for (size_t i = 0; i < records->count; i++) {
        struct record *record = &records->items[i];
        if (!str_equal(record->container, name))
            continue;
        record->persistent = persistent;
        if (!record_save(record, err))
            return false;
    }
    return true;
}
