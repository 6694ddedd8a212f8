#include "network/up.h"

#include "incus/instance.h"
#include "incus/server.h"
#include "network/hosts.h"
#include "network/listeners.h"
#include "network/subnet.h"
#include "network/wanted.h"

#include <string.h>

/*
 * How long somebody else's making of the same network is waited for. It takes less than a second; after
 * STUCK_MS the daemon has been killed in the midst of it, and never goes on.
 */
#define AWAIT_MS       20000
#define AWAIT_STEP_MS  50
#define STUCK_MS       8000
#define UNAVAILABLE_MS 2000 /* a daemon that has just started brings its bridges up */
#define SUBNETS_TRIED  8

/* The daemon looks at all interfaces of the machine, and fails if one of them goes away meanwhile. */
#define WORDS_RACE    "Failed to delete bridge children interfaces"
#define RACE_TRIES    10
#define RACE_RETRY_MS 50

/* Of two that make the same thing at one moment the second gets the daemon's words, or its database's. */
#define WORDS_EXISTS "already exists"
#define WORDS_UNIQUE "UNIQUE constraint failed"

/* An interface of this name is there, and no network. */
#define WORDS_STRAY "Network interface \""

/* dnsmasq's words, which the daemon passes on, for a subnet that another process took first. */
#define WORDS_SUBNET_TAKEN "Address already in use"

/* The daemon takes no rule twice. */
static void add_rules_besides(json_t *egress, const json_t *besides) {
    size_t i, j;
    json_t *rule, *has;
    json_array_foreach(besides, i, rule) {
        bool there = false;
        json_array_foreach(egress, j, has) there |= json_equal(has, rule);
        if (!there)
            json_array_append(egress, rule);
    }
}

static bool is_made_already(const struct error *err) {
    return err->class == ERROR_FAILED && !strstr(err->message, WORDS_STRAY) &&
           (err->code == 409 || strstr(err->message, WORDS_EXISTS) || strstr(err->message, WORDS_UNIQUE));
}

/* Makes the access list what it must be; `besides` (or NULL): what may be reached too, for now. */
static bool put_acl(struct incus *client, const struct network *network, const json_t *wanted,
                    const json_t *besides, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "network-acls", network->name, NULL);
    _cleanup_(error_done) struct error absent = {0};
    _cleanup_json_ json_t *body = json_deep_copy(wanted);
    add_rules_besides(json_object_get(body, "egress"), besides);
    json_object_set_new(body, "description", json_string("berth"));
    json_object_set_new(body, "config", json_object());
    if (incus_request(client, "PUT", path, body, NULL, &absent))
        return true;
    if (absent.code != 404) {
        error_move(err, &absent);
        return false;
    }
    json_object_set_new(body, "name", json_string(network->name));
    if (incus_request(client, "POST", "/1.0/network-acls", body, NULL, err))
        return true;
    if (!is_made_already(err))
        return false;
    error_done(err); /* another launch was faster */
    return incus_request(client, "PUT", path, body, NULL, err);
}

static bool refuse(const struct incus *client, const struct network *network, struct error *err) {
    _cleanup_(error_done) struct error daemon = {0};
    size_t hints = err->hints.count;
    const char *mode = network_mode_name(network->rules.mode);
    _cleanup_free_ char *flags = network_flags(network);
    if (err->class == ERROR_DAEMON || err->class == ERROR_CANCELLED || err->class == ERROR_REFUSED)
        return false;
    error_move(&daemon, err);
    error_set(err, ERROR_REFUSED, "the network of %s sessions cannot be made: %s", mode, daemon.message);
    for (size_t i = 0; i < hints; i++)
        error_hint(err, "%s", daemon.hints.items[i]);
    if (daemon.code == 403)
        error_hint(err, "an administrator types: sudo berth network up --to %s %s", incus_project(client),
                   flags);
    else if (!hints)
        error_hint(err, "the daemon needs nftables, and a project in which networks can be made");
    error_hint(err, "--network open goes without it: sessions then reach whatever this machine reaches");
    return false;
}

static json_t *bridge_body(const struct network *network, uint32_t gateway) {
    char address[16];
    json_t *config = wanted_config(network);
    _cleanup_free_ char *text = str_printf("%s/24", range_address(gateway, address));
    json_object_set_new(config, "ipv4.address", json_text(text));
    return json_pack("{s:s, s:s, s:s, s:o}", "name", network->name, "type", "bridge", "description",
                     "sessions of berth", "config", config);
}

/* Where the search begins: with the name, so that all who make the same one try the same subnets. */
static uint32_t seed_of(const char *name) {
    return (uint32_t)strtoul(name + strlen(NETWORK_PREFIX), NULL, 16);
}

/*
 * In a cluster a network is first defined on each member, and then made on all of them
 * (https://linuxcontainers.org/incus/docs/main/howto/cluster_config_networks/).
 */
static bool define_on_members(struct incus *client, const struct network *network, struct error *err) {
    _cleanup_(server_done) struct server server = {0};
    _cleanup_json_ json_t *members = NULL,
                          *body = json_pack("{s:s, s:s}", "name", network->name, "type", "bridge");
    size_t index;
    const json_t *url;
    if (!server_get(client, NULL, &server, err))
        return false;
    if (!server.member)
        return true;
    if (!incus_request(client, "GET", "/1.0/cluster/members", NULL, &members, err))
        return false;
    json_array_foreach(members, index, url) {
        const char *text = json_string_value(url), *slash = text ? strrchr(text, '/') : NULL;
        _cleanup_free_ char *query = str_printf("target=%s", slash ? slash + 1 : ""),
                            *path = incus_path(query, "networks", NULL);
        if (slash && !network_ask_again(client, "POST", path, body, err))
            return false;
    }
    return true;
}

/* Whether another subnet may do; where none does, what holds the port of all addresses is named. */
static bool is_subnet_taken(int tried, struct error *err) {
    if (!strstr(err->message, WORDS_SUBNET_TAKEN))
        return false;
    if (tried < SUBNETS_TRIED && !listener_everywhere(PORT_DNS))
        return true;
    error_hint(err, "something on this machine listens on port 53 of all addresses, which the daemon's "
                    "bridges need: ss -lnp 'sport = :53'");
    return false;
}

bool network_ask_again(struct incus *client, const char *method, const char *path, const json_t *body,
                       struct error *err) {
    for (int i = 0;; i++) {
        if (incus_request(client, method, path, body, NULL, err))
            return true;
        if (i == RACE_TRIES || err->class != ERROR_FAILED || !strstr(err->message, WORDS_RACE))
            return false;
        error_done(err);
        if (!loop_pause(incus_loop(client), RACE_RETRY_MS, err))
            return false;
    }
}

/* Another process took the subnet while ours was being made. */
static bool take_back(struct incus *client, const struct network *network, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "networks", network->name, NULL);
    return network_ask_again(client, "DELETE", path, NULL, err);
}

/* Nothing stays of a network that could not be made. */
static void remove_acl(struct incus *client, const struct network *network) {
    _cleanup_free_ char *path = incus_path(NULL, "network-acls", network->name, NULL);
    _cleanup_(error_done) struct error ignored = {0}; /* another launch may use it meanwhile */
    (void)!incus_request(client, "DELETE", path, NULL, NULL, &ignored);
}

/* *busy: it is there, or being made by somebody else. */
static bool make(struct incus *client, const struct network *network, bool *busy, struct error *err) {
    _cleanup_(ranges_done) struct ranges used = {0};
    if (!subnet_used(&used, err))
        return false;
    for (int i = 0;; i++) {
        uint32_t subnet;
        if (!subnet_find(&used, seed_of(network->name), &subnet, err))
            return false;
        _cleanup_json_ json_t *wanted = wanted_acl(network, subnet + 1, err);
        if (!wanted || !put_acl(client, network, wanted, NULL, err))
            return false;
        _cleanup_json_ json_t *body = bridge_body(network, subnet + 1);
        bool made = define_on_members(client, network, err) &&
                    network_ask_again(client, "POST", "/1.0/networks", body, err);
        if (made && (i == SUBNETS_TRIED || !subnet_is_shared(subnet, network->name)))
            return true;
        *busy = !made && is_made_already(err);
        if (*busy) {
            error_done(err);
            return true;
        }
        if (made ? !take_back(client, network, err) : !is_subnet_taken(i, err)) {
            remove_acl(client, network);
            return false;
        }
        error_done(err);
    }
}

/* Asks how it is: 404 leaves *bridge NULL. */
static bool look(struct incus *client, const struct network *network, json_t **bridge, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "networks", network->name, NULL);
    if (incus_request(client, "GET", path, NULL, bridge, err))
        return true;
    bool absent = err->code == 404;
    if (absent)
        error_done(err);
    return absent;
}

/* Of its "used_by": paths of instances, of any project, and of profiles. */
void network_users(const json_t *bridge, struct strings *names) {
    size_t index;
    const json_t *url;
    json_array_foreach(json_at(bridge, "used_by"), index, url) {
        const char *text = json_string_value(url), *start = "/1.0/instances/";
        if (!text || !str_starts(text, start))
            continue;
        text += strlen(start);
        strings_take(names, str_copy_n(text, strcspn(text, "?/")));
    }
}

/* One that stops meanwhile has no use for it, and gets it when it is started again. */
static void write_hosts(struct incus *client, const struct network *network, const json_t *bridge) {
    _cleanup_(strings_done) struct strings names = {0};
    network_users(bridge, &names);
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_(error_done) struct error ignored = {0};
        _cleanup_(instance_done) struct instance instance = {0};
        if (!instance_get(client, names.items[i], &instance, &ignored) || !instance_running(&instance))
            continue;
        (void)!hosts_write(client, names.items[i], &network->answers, &ignored);
    }
}

/* Where the rules are right already nothing is written: in a cluster that waits for every member. */
static bool apply(struct incus *client, const struct network *network, const json_t *bridge,
                  struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "network-acls", network->name, NULL);
    _cleanup_(error_done) struct error absent = {0};
    _cleanup_json_ json_t *before = NULL, *wanted = NULL;
    uint32_t gateway = 0;
    if (!wanted_gateway(bridge, &gateway))
        return error_set(err, ERROR_FAILED, "network %s has no address", network->name);
    if (!(wanted = wanted_acl(network, gateway, err)))
        return false;
    bool there = incus_request(client, "GET", path, NULL, &before, &absent);
    bool same = there && wanted_same_rules(before, wanted);
    if (there && network->answers.count && json_array_size(json_at(bridge, "used_by"))) {
        if (!same && !put_acl(client, network, wanted, json_at(before, "egress"), err))
            return false;
        write_hosts(client, network, bridge);
    }
    return same || put_acl(client, network, wanted, NULL, err);
}

bool network_apply(struct incus *client, const struct network *network, struct error *err) {
    _cleanup_json_ json_t *bridge = NULL;
    return look(client, network, &bridge, err) && (!bridge || apply(client, network, bridge, err));
}

/*
 * Whether a network that was absent is there now, or one that was there is being made or removed: then a
 * failure was of another process' making, and says nothing.
 */
static bool is_changing(struct incus *client, const struct network *network, bool was_there) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_json_ json_t *bridge = NULL;
    if (!look(client, network, &bridge, &ignored))
        return false;
    return was_there ? !bridge || !str_equal(json_str_at(bridge, "status"), "Created") : bridge != NULL;
}

/* The network goes on under its next name; false with an error when it has had many. */
static bool take_next_name(struct incus *client, struct network *network, struct error *err) {
    remove_acl(client, network);
    if (network->generation + 1 == NETWORK_NAMES)
        return error_set(err, ERROR_FAILED, "interfaces of networks that are gone have its names: ip link");
    network_next_name(network);
    return true;
}

/*
 * Is being made, or brought up, for `waited` milliseconds now: what is stuck, and used by nobody, is
 * removed, so that it can be made anew.
 */
static bool await_other(struct incus *client, const struct network *network, const json_t *bridge,
                        int64_t waited, struct error *err) {
    const char *status = json_str_at(bridge, "status");
    bool stuck = str_equal(status, "Pending")       ? waited > STUCK_MS
                 : str_equal(status, "Unavailable") ? waited > UNAVAILABLE_MS
                                                    : str_equal(status, "Errored");
    if (stuck && json_array_size(json_at(bridge, "used_by")) == 0)
        return take_back(client, network, err);
    return loop_pause(incus_loop(client), AWAIT_STEP_MS, err);
}

static bool is_unseen(struct incus *client, const struct network *network, const json_t *bridge) {
    _cleanup_(question_done) struct question acl = {
        .path = incus_path(NULL, "network-acls", network->name, NULL)};
    _cleanup_(error_done) struct error ignored = {0};
    return json_object_size(json_at(bridge, "config")) == 0 && incus_ask_all(client, &acl, 1, &ignored) &&
           wanted_is_unseen(bridge, &acl);
}

static bool step(struct incus *client, struct network *network, int64_t waited, struct error *err) {
    _cleanup_json_ json_t *bridge = NULL;
    bool busy = false;
    if (!look(client, network, &bridge, err))
        return false;
    if (bridge && !json_bool_at(bridge, "managed"))
        return take_next_name(client, network, err);
    if (bridge && !str_equal(json_str_at(bridge, "status"), "Created"))
        return await_other(client, network, bridge, waited, err);
    if (bridge && is_unseen(client, network, bridge)) {
        network->unseen = network->in_force = true;
        return true;
    }
    bool good = bridge ? wanted_check(network, bridge, err) && apply(client, network, bridge, err)
                       : make(client, network, &busy, err);
    network->in_force = good && !busy;
    if (good || err->class != ERROR_FAILED || !is_changing(client, network, bridge != NULL))
        return good;
    error_done(err); /* or its interface is there without it: the next look takes another name */
    return loop_pause(incus_loop(client), AWAIT_STEP_MS, err);
}

bool network_up(struct incus *client, struct network *network, struct error *err) {
    int64_t begin = loop_now();
    if (!network->name)
        return true;
    while (!network->in_force) {
        if (!step(client, network, loop_now() - begin, err))
            return refuse(client, network, err);
        if (network->in_force || loop_now() - begin < AWAIT_MS)
            continue;
        error_set(err, ERROR_FAILED, "network %s is not ready after %d s", network->name, AWAIT_MS / 1000);
        error_hint(
            err,
            "what the daemon could not bring up it tries again each minute; incus network list shows it");
        return false;
    }
    return true;
}
