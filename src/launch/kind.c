#include "launch/kind.h"

void standby_kind_done(struct standby_kind *kind) {
    free(kind->digest);
    free(kind->stem);
    free(kind->settings);
    free(kind->image);
    free(kind->fingerprint);
    free(kind->host);
    free(kind->daemon);
    free(kind->network);
    json_decref(kind->body);
    *kind = (struct standby_kind){0};
}
