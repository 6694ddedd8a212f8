/* What the daemon says of itself (GET /1.0), and of the place where our instances are to be. */
#pragma once

#include "incus/project.h"

struct server {
    char *version;     /* "6.0.4" */
    char *member;      /* of a cluster: the one that answers; NULL: it is in none */
    bool has_idmapped; /* kernel_features.idmapped_mounts and lxc_features.idmapped_mounts_v2 */
    int64_t pid;       /* of the daemon: another one after each of its starts */
    bool trusted;      /* whether it lets us do anything */
    struct project project;
    bool profile_maps; /* the default profile has a raw.idmap */
};
void server_done(struct server *server);

/* An error of class ERROR_DAEMON if it cannot be reached or is not an Incus. `member` as below. */
bool server_get(struct incus *client, const char *member, struct server *server,
                struct error *err) nodiscard;
/* What has to be asked for it, at once; of the default project the second has no path. */
enum server_question { SERVER_ASK_SELF, SERVER_ASK_PROJECT, SERVER_ASK_PROFILE, SERVER_QUESTIONS };
/* `member` is the one whose kernel and daemon it is about; NULL: the one that answers. */
void server_ask(const struct incus *client, const char *member, struct question *questions);
/* Reads the answers to SERVER_QUESTIONS questions. A profile that cannot be had is none. */
bool server_read(const struct incus *client, struct question *questions, struct server *server,
                 struct error *err) nodiscard;
