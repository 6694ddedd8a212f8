#include "launch/open.h"

#include "launch/launch.h"
#include "launch/reuse.h"

bool launch_open(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                 struct plan *plan, struct error *err) {
    static const struct launch_watcher nobody;
    if (!watcher)
        watcher = &nobody;
    return prepared->existing.json ? reuse_start(client, prepared, watcher, plan, err)
                                   : launch_new(client, prepared, watcher, plan, err);
}
