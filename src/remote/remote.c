#include "remote/remote.h"

void remote_done(struct remote *remote) {
    endpoint_done(&remote->endpoint);
    free(remote->where);
    *remote = (struct remote){0};
}

void remotes_done(struct remotes *remotes) {
    for (size_t i = 0; i < remotes->count; i++)
        remote_done(&remotes->items[i]);
    free(remotes->items);
    strings_done(&remotes->unreadable);
    *remotes = (struct remotes){0};
}
