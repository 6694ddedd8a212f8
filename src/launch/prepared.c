#include "launch/prepared.h"

#include "base/lock.h"
#include "launch/kind.h"
#include "workspace/name.h"

void prepared_done(struct prepared *prepared) {
    guard_done(&prepared->guard);
    free(prepared->empty);
    free(prepared->noted);
    lock_release(prepared->launching);
    workspace_done(&prepared->workspace);
    mounts_done(&prepared->mounts);
    strings_done(&prepared->taken);
    json_decref(prepared->root_device);
    free(prepared->member);
    place_done(&prepared->place);
    free(prepared->fingerprint);
    json_decref(prepared->profile);
    network_done(&prepared->network);
    publishes_done(&prepared->publishes);
    json_decref(prepared->nics);
    free(prepared->shifting_device);
    instance_done(&prepared->existing);
    json_decref(prepared->branch);
    if (prepared->kind)
        standby_kind_done(prepared->kind);
    free(prepared->kind);
    free(prepared->standby);
    owner_release(prepared->owner);
    *prepared = (struct prepared){0};
}

unsigned int prepared_last_slot(const struct prepared *prepared) {
    const struct launch_request *request = prepared->request;
    bool run = !request->shell && !settings_bool(request->settings, SETTING_PERSISTENT);
    return run ? RUN_SLOTS : SESSION_SLOTS;
}

const char *prepared_pool(const struct prepared *prepared) {
    const char *pool = settings_text(prepared->request->settings, SETTING_STORAGE_POOL);
    return *pool ? pool : json_get_str(prepared->root_device, "pool");
}
