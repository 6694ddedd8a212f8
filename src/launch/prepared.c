#include "launch/prepared.h"

void prepared_done(struct prepared *prepared) {
    workspace_done(&prepared->workspace);
    mounts_done(&prepared->mounts);
    strings_done(&prepared->taken);
    json_decref(prepared->root_device);
    free(prepared->shifting_device);
    instance_done(&prepared->existing);
    *prepared = (struct prepared){0};
}
