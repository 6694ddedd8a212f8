#include "session/network.h"

#include "incus/server.h"
#include "launch/label.h"
#include "launch/nics.h"
#include "network/hosts.h"
#include "network/up.h"
#include "network/wanted.h"

struct keeper *session_keep_network(struct incus *client, const struct instance *instance) {
    return nics_mode(instance) == NETWORK_ALLOWLIST
               ? keeper_start(client, nics_network(instance), 0, NULL, NULL)
               : NULL;
}

#define QUESTIONS (NETWORK_QUESTIONS + SERVER_QUESTIONS)

/* For an array of QUESTIONS. */
static void cleanup_questions(struct question (*all)[QUESTIONS]) {
    questions_done(*all, QUESTIONS);
}

/* What the daemon has of it, and the profile's NICs. */
static bool look(struct incus *client, struct network *network, json_t **nics, struct error *err) {
    _cleanup_(cleanup_questions) struct question questions[QUESTIONS] = {0};
    _cleanup_(server_done) struct server server = {0};
    struct question *about = &questions[NETWORK_QUESTIONS], *profile = &about[SERVER_ASK_PROFILE];
    network_ask(network, questions);
    server_ask(client, NULL, about);
    if (!incus_ask_all(client, questions, QUESTIONS, err) || !server_read(client, about, &server, err))
        return false;
    if (profile->err.class) {
        error_move(err, &profile->err);
        return false;
    }
    *nics = nics_of_profile(profile->metadata);
    return network_read(network, questions, &server.project, err);
}

bool session_set_network(struct incus *client, const char *name, const struct settings *settings,
                         enum network_mode *was, struct error *err) {
    _cleanup_(instance_done) struct instance instance = {0};
    _cleanup_(network_done) struct network network = {0};
    _cleanup_json_ json_t *nics = NULL;
    const char *extra;
    if (!instance_get(client, name, &instance, err) || !network_init(&network, client, settings, err) ||
        !network_resolve(&network, incus_loop(client), err) || !look(client, &network, &nics, err))
        return false;
    *was = nics_mode(&instance);
    if (network.rules.mode == NETWORK_OPEN)
        nics_isolate(client, nics);
    if (!network_up(client, &network, err))
        return false;
    _cleanup_json_ json_t *devices = nics_plan(&network, nics);
    if (!nics_match(&instance, devices, &extra) && extra && network.rules.mode != NETWORK_OPEN)
        return nics_refuse(name, extra, network.rules.mode, err);
    if (!nics_move(client, name, &network, devices, err))
        return false;
    bool listed = network.answers.count || *instance_config(&instance, LABEL_ALLOW);
    return !listed || !instance_running(&instance) || hosts_write(client, name, &network.answers, err);
}
