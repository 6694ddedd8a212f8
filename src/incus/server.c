#include "incus/server.h"

void server_done(struct server *server) {
    free(server->version);
    free(server->member);
    *server = (struct server){0};
}

bool server_read(const struct incus *client, const json_t *metadata, struct server *server,
                 struct error *err) {
    const json_t *environment = json_at(metadata, "environment");
    const char *kind = json_str_at(environment, "server");
    server->trusted = str_equal(json_str_at(metadata, "auth"), "trusted");
    if (server->trusted && !str_equal(kind, "incus")) {
        _cleanup_free_ char *shown = str_shown(*kind ? kind : "something else");
        error_set(err, ERROR_DAEMON, "what answers on %s is not an Incus but %s", incus_socket(client),
                  shown);
        error_hint(err, "--socket PATH or INCUS_SOCKET names Incus' own socket");
        return false;
    }
    if (!server->trusted) {
        error_set(err, ERROR_DAEMON, "the daemon at %s does not trust this user", incus_socket(client));
        error_hint(err, "use the socket of incus-admin, not that of incus-user");
        return false;
    }
    str_set(&server->version, json_str_at(environment, "server_version"));
    if (json_bool_at(environment, "server_clustered"))
        str_set(&server->member, json_str_at(environment, "server_name"));
    /* the daemon writes its features as the strings "true" and "false" */
    server->has_idmapped = str_equal(json_str_at(environment, "kernel_features.idmapped_mounts"), "true") &&
                           str_equal(json_str_at(environment, "lxc_features.idmapped_mounts_v2"), "true");
    return true;
}

bool server_get(struct incus *client, struct server *server, struct error *err) {
    _cleanup_json_ json_t *metadata = NULL;
    return incus_request(client, "GET", "/1.0", NULL, &metadata, err) &&
           server_read(client, metadata, server, err);
}
