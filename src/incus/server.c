#include "incus/server.h"

#include "incus/private.h"

/* How long another member is waited for. */
#define SERVER_PATIENCE_MS 5000

void server_done(struct server *server) {
    free(server->version);
    free(server->member);
    project_done(&server->project);
    *server = (struct server){0};
}

void server_ask(const struct incus *client, const char *member, struct question *questions) {
    const char *project = incus_project(client);
    _cleanup_free_ char *name = incus_escape(member ? member : "");
    questions[SERVER_ASK_SELF].path = member ? str_printf("/1.0?target=%s", name) : str_copy("/1.0");
    questions[SERVER_ASK_SELF].patience_ms = member ? SERVER_PATIENCE_MS : 0;
    questions[SERVER_ASK_PROFILE].path = incus_path(NULL, "profiles", "default", NULL);
    if (!str_equal(project, "default"))
        questions[SERVER_ASK_PROJECT].path = incus_path(NULL, "projects", project, NULL);
}

static bool read_self(const struct incus *client, const json_t *metadata, struct server *server,
                      struct error *err) {
    const json_t *environment = json_at(metadata, "environment");
    const char *kind = json_str_at(environment, "server");
    server->trusted = str_equal(json_str_at(metadata, "auth"), "trusted");
    if (server->trusted && !str_equal(kind, "incus")) {
        _cleanup_free_ char *shown = str_shown(*kind ? kind : "something else");
        error_set(err, ERROR_DAEMON, "what answers on %s is not an Incus but %s", incus_address(client),
                  shown);
        error_hint(err, "--socket PATH or INCUS_SOCKET names Incus' own socket");
        return false;
    }
    if (!server->trusted && incus_is_remote(client))
        return incus_not_trusted(client, err);
    if (!server->trusted) {
        error_set(err, ERROR_DAEMON, "the daemon at %s does not trust this user", incus_address(client));
        error_hint(err, "is it really the socket of an Incus, or of incus-user, on this machine?");
        return false;
    }
    server->pid = json_int_at(environment, "server_pid");
    str_set(&server->version, json_str_at(environment, "server_version"));
    if (json_bool_at(environment, "server_clustered"))
        str_set(&server->member, json_str_at(environment, "server_name"));
    /* the daemon writes its features as the strings "true" and "false" */
    server->has_idmapped = str_equal(json_str_at(environment, "kernel_features.idmapped_mounts"), "true") &&
                           str_equal(json_str_at(environment, "lxc_features.idmapped_mounts_v2"), "true");
    return true;
}

bool server_read(const struct incus *client, struct question *questions, struct server *server,
                 struct error *err) {
    struct question *self = &questions[SERVER_ASK_SELF];
    if (self->err.class) {
        error_move(err, &self->err);
        return false;
    }
    const json_t *profile = questions[SERVER_ASK_PROFILE].metadata;
    project_read(questions[SERVER_ASK_PROJECT].metadata, &server->project);
    server->profile_maps = *json_get_str(json_at(profile, "config"), "raw.idmap") != 0;
    return read_self(client, self->metadata, server, err);
}

/* For an array of SERVER_QUESTIONS. */
static void cleanup_questions(struct question (*all)[SERVER_QUESTIONS]) {
    questions_done(*all, SERVER_QUESTIONS);
}

bool server_get(struct incus *client, const char *member, struct server *server, struct error *err) {
    _cleanup_(cleanup_questions) struct question questions[SERVER_QUESTIONS] = {0};
    server_ask(client, member, questions);
    return incus_ask_all(client, questions, SERVER_QUESTIONS, err) &&
           server_read(client, questions, server, err);
}
