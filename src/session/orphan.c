#include "session/orphan.h"

#include "launch/owner.h"

void orphans_settle(struct incus *client, struct session_list *list) {
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].orphaned && instance_is_ending(client, list->items[i].name))
            list->items[i].orphaned = false;
}

size_t orphans_remove(struct incus *client, const struct session_list *list) {
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        /* where it fails another berth was faster, or the next one does it */
        _cleanup_(error_done) struct error ignored = {0};
        count += list->items[i].orphaned &&
                 owner_remove_orphan(client, list->items[i].name, list->items[i].status, &ignored);
    }
    return count;
}
