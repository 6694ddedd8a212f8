/* What the daemon says of itself (GET /1.0). */
#pragma once

#include "incus/client.h"

struct server {
    char *version;     /* "6.0.4" */
    char *member;      /* of a cluster: the one that answers; NULL: it is in none */
    bool has_idmapped; /* kernel_features.idmapped_mounts and lxc_features.idmapped_mounts_v2 */
    bool trusted;      /* whether it lets us do anything */
};
void server_done(struct server *server);

/* An error of class ERROR_DAEMON if it cannot be reached or is not an Incus. */
bool server_get(struct incus *client, struct server *server, struct error *err) nodiscard;
/* Reads the metadata of GET /1.0. */
bool server_read(const struct incus *client, const json_t *metadata, struct server *server,
                 struct error *err) nodiscard;
