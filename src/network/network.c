#include "network/network.h"

#include "incus/instance.h"
#include "network/hosts.h"
#include "network/listeners.h"
#include "network/resolve.h"
#include "network/subnet.h"

#include <limits.h>
#include <sha2.h>
#include <string.h>

#define NAME_DIGITS 9 /* an interface's name has 15 characters */

/* How long somebody else's making of the same network is waited for. */
#define AWAIT_MS      20000
#define AWAIT_STEP_MS 50
#define SUBNETS_TRIED 8

#define PORT_DNS 53

/* The daemon looks at all interfaces of the machine, and fails if one of them goes away meanwhile. */
#define WORDS_RACE    "Failed to delete bridge children interfaces"
#define RACE_TRIES    10
#define RACE_RETRY_MS 50

/* dnsmasq's words, which the daemon passes on, for a subnet that another process took first. */
#define WORDS_SUBNET_TAKEN "Address already in use"

void network_done(struct network *network) {
    rules_done(&network->rules);
    answers_done(&network->answers);
    free(network->name);
    *network = (struct network){0};
}

/* The folder of the daemon's socket, as one name however it is reached; the socket itself if it has none.
 */
static char *daemon_home(const struct incus *client) {
    char resolved[PATH_MAX];
    const char *socket = incus_socket(client), *slash = strrchr(socket, '/');
    _cleanup_free_ char *folder = slash ? str_copy_n(socket, (size_t)(slash - socket)) : str_copy(socket);
    return str_copy(realpath(folder, resolved) ? resolved : folder);
}

char *network_name(const struct incus *client, const struct rules *rules) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    _cleanup_free_ char *home = daemon_home(client), *text = rules_text(rules),
                        *whole = str_printf("%s%s", text, home);
    SHA256Data((const uint8_t *)whole, strlen(whole), digest);
    return str_printf(NETWORK_PREFIX "%.*s", NAME_DIGITS, digest);
}

bool network_init(struct network *network, const struct incus *client, const struct settings *settings,
                  struct error *err) {
    struct rules_text text = rules_text_of(settings);
    if (!rules_read(&text, &network->rules, err))
        return false;
    if (rules_need_network(&network->rules))
        network->name = network_name(client, &network->rules);
    return true;
}

bool network_resolve(struct network *network, struct loop *loop, struct error *err) {
    _cleanup_(strings_done) struct strings names = {0};
    rules_names(&network->rules, &names);
    if (!resolve_names(loop, &names, &network->answers, err)) {
        error_prefix(err, "network allowlist");
        return false;
    }
    return rules_check_answers(&network->rules, &network->answers, err);
}

void network_ask(const struct network *network, const struct incus *client, struct question *questions) {
    if (!network->name)
        return;
    questions[NETWORK_ASK_BRIDGE].path = incus_path(NULL, "networks", network->name, NULL);
    questions[NETWORK_ASK_ACL].path = incus_path(NULL, "network-acls", network->name, NULL);
    if (!str_equal(incus_project(client), "default"))
        questions[NETWORK_ASK_PROJECT].path = incus_path(NULL, "projects", incus_project(client), NULL);
}

static void set(json_t *map, const char *key, const char *value) {
    if (*value)
        json_object_set_new(map, key, json_text(value));
}

/* Its own resolver: none for an allowlist, whose names are in the hosts file; that of the settings. */
static char *dnsmasq_lines(const struct rules *rules, const char *dns) {
    if (rules->mode == NETWORK_ALLOWLIST)
        return str_copy("port=0");
    if (!*dns)
        return str_copy("");
    struct buffer lines = {0};
    _cleanup_free_ char *copy = str_copy(dns);
    char *rest = copy;
    buffer_text(&lines, "no-resolv");
    for (char *server; (server = strsep(&rest, ", "));)
        if (*server)
            buffer_printf(&lines, "\nserver=%s", server);
    return lines.data;
}

/* All of its config but the address. */
static json_t *wanted_config(const struct network *network) {
    _cleanup_json_ json_t *words = rules_json(&network->rules);
    _cleanup_free_ char *allow = rules_allow_text(&network->rules);
    const char *ports = json_str_at(words, "allowed_ports"), *dns = json_str_at(words, "dns_servers");
    _cleanup_free_ char *dnsmasq = dnsmasq_lines(&network->rules, dns);
    json_t *config = json_object();
    set(config, "ipv4.nat", "true");
    set(config, "ipv6.address", "none");
    set(config, "raw.dnsmasq", dnsmasq);
    set(config, "security.acls", network->name);
    set(config, "security.acls.default.egress.action", "reject");
    set(config, "security.acls.default.ingress.action", "reject");
    set(config, NETWORK_MODE, network_mode_name(network->rules.mode));
    set(config, NETWORK_ALLOW, allow);
    set(config, NETWORK_PORTS, ports);
    set(config, NETWORK_DNS, dns);
    return config;
}

/* The bridge's own address; false: it has none. */
static bool gateway_of(const json_t *bridge, uint32_t *gateway) {
    const char *text = json_get_str(json_at(bridge, "config"), "ipv4.address");
    _cleanup_free_ char *address = str_copy_n(text, strcspn(text, "/"));
    struct range range;
    if (!range_parse(address, &range))
        return false;
    *gateway = range.first;
    return true;
}

static bool changed(const struct network *network, const char *key, const char *has, const char *wanted,
                    struct error *err) {
    error_set(err, ERROR_REFUSED, "network %s of %s sessions was changed: its %s is \"%s\", not \"%s\"",
              network->name, network_mode_name(network->rules.mode), key, has, wanted);
    error_hint(err, "incus network set %s %s=\"%s\" puts it right", network->name, key, wanted);
    error_hint(err, "berth network down %s removes it; the next launch makes it anew", network->name);
    return false;
}

static bool check_bridge(const struct network *network, const json_t *bridge, struct error *err) {
    _cleanup_json_ json_t *wanted = wanted_config(network);
    const json_t *config = json_at(bridge, "config");
    const char *key;
    json_t *value;
    uint32_t gateway;
    json_object_foreach(wanted, key, value) {
        const char *has = json_get_str(config, key);
        if (!str_equal(has, json_string_value(value)))
            return changed(network, key, has, json_string_value(value), err);
    }
    if (!*json_get_str(wanted, "raw.dnsmasq") && *json_get_str(config, "raw.dnsmasq"))
        return changed(network, "raw.dnsmasq", json_get_str(config, "raw.dnsmasq"), "", err);
    return gateway_of(bridge, &gateway) ||
           changed(network, "ipv4.address", json_get_str(config, "ipv4.address"), "10.x.y.1/24", err);
}

/* The daemon leaves out what is empty, and has an order of its own within a rule, as JSON may. */
static bool same_rules(const json_t *acl, const json_t *wanted) {
    return json_equal(json_at(acl, "egress"), json_object_get(wanted, "egress")) &&
           json_equal(json_at(acl, "ingress"), json_object_get(wanted, "ingress"));
}

static json_t *wanted_acl(const struct network *network, uint32_t gateway, struct error *err) {
    _cleanup_(ranges_done) struct ranges own = {0};
    return subnet_own_addresses(&own, err) ? rules_acl(&network->rules, &network->answers, &own, gateway)
                                           : NULL;
}

/* A restricted project uses the networks that it names and no others. */
static bool check_project(const struct network *network, const json_t *project, struct error *err) {
    const json_t *config = json_at(project, "config");
    const char *access = json_get_str(config, "restricted.networks.access");
    if (!str_equal(json_get_str(config, "restricted"), "true") || !*access)
        return true;
    _cleanup_free_ char *copy = str_copy(access);
    char *rest = copy;
    for (char *name; (name = strsep(&rest, ", "));)
        if (str_equal(name, network->name))
            return true;
    const char *project_name = json_str_at(project, "name"), *mode = network_mode_name(network->rules.mode);
    error_set(err, ERROR_REFUSED, "project %s may use no other network than %s: %s sessions need %s",
              project_name, access, mode, network->name);
    error_hint(err, "an administrator types: berth network up --network %s", mode);
    error_hint(err, "and: incus project set %s restricted.networks.access=%s,%s", project_name, access,
               network->name);
    error_hint(err, "--network open uses the project's own network, and reaches what that reaches");
    return false;
}

bool network_read(struct network *network, const struct question *questions, struct error *err) {
    const struct question *bridge = &questions[NETWORK_ASK_BRIDGE], *acl = &questions[NETWORK_ASK_ACL],
                          *project = &questions[NETWORK_ASK_PROJECT];
    uint32_t gateway = 0;
    network->in_force = !network->name;
    if (!network->name)
        return true;
    if (project->metadata && !check_project(network, project->metadata, err))
        return false;
    if (!bridge->metadata || !str_equal(json_str_at(bridge->metadata, "status"), "Created"))
        return true;
    /* who may only use it sees nothing of it: it is an administrator's, under the name that stands for its
     * rules */
    network->unseen = acl->err.code == 403 && json_object_size(json_at(bridge->metadata, "config")) == 0;
    network->in_force = network->unseen;
    if (network->unseen || !check_bridge(network, bridge->metadata, err))
        return network->unseen;
    gateway_of(bridge->metadata, &gateway);
    _cleanup_json_ json_t *wanted = wanted_acl(network, gateway, err);
    if (!wanted)
        return false;
    network->in_force = acl->metadata && same_rules(acl->metadata, wanted);
    return true;
}

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

/* Makes the access list what it must be; `besides` (or NULL): what may be reached too, for now. */
static bool put_acl(struct incus *client, const struct network *network, uint32_t gateway,
                    const json_t *besides, struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "network-acls", network->name, NULL);
    _cleanup_(error_done) struct error absent = {0};
    _cleanup_json_ json_t *body = wanted_acl(network, gateway, err);
    if (!body)
        return false;
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
    if (!strstr(err->message, "already exists"))
        return false;
    error_done(err); /* another launch was faster */
    return incus_request(client, "PUT", path, body, NULL, err);
}

static bool refuse(const struct incus *client, const struct network *network, struct error *err) {
    _cleanup_(error_done) struct error daemon = {0};
    size_t hints = err->hints.count;
    const char *mode = network_mode_name(network->rules.mode);
    if (err->class == ERROR_DAEMON || err->class == ERROR_CANCELLED || err->class == ERROR_REFUSED)
        return false;
    error_move(&daemon, err);
    error_set(err, ERROR_REFUSED, "the network of %s sessions cannot be made: %s", mode, daemon.message);
    for (size_t i = 0; i < hints; i++)
        error_hint(err, "%s", daemon.hints.items[i]);
    if (daemon.code == 403)
        error_hint(err, "an administrator types: berth%s%s network up --network %s",
                   str_equal(incus_project(client), "default") ? "" : " --project ",
                   str_equal(incus_project(client), "default") ? "" : incus_project(client), mode);
    else if (!hints)
        error_hint(err, "the daemon needs nftables, and a project in which networks can be made");
    error_hint(err, "--network open goes without it: sessions then reach whatever this machine reaches");
    return false;
}

static json_t *bridge_body(const struct network *network, uint32_t gateway) {
    char address[16];
    json_t *config = wanted_config(network);
    _cleanup_free_ char *text = str_printf("%s/24", range_address(gateway, address));
    set(config, "ipv4.address", text);
    return json_pack("{s:s, s:s, s:s, s:o}", "name", network->name, "type", "bridge", "description",
                     "sessions of berth", "config", config);
}

/* Where the search begins: with the name, so that all who make the same one try the same subnets. */
static uint32_t seed_of(const char *name) {
    return (uint32_t)strtoul(name + strlen(NETWORK_PREFIX), NULL, 16);
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

/* Nothing stays of a network that could not be made. Returns false. */
static bool remove_acl(struct incus *client, const struct network *network) {
    _cleanup_free_ char *path = incus_path(NULL, "network-acls", network->name, NULL);
    _cleanup_(error_done) struct error ignored = {0}; /* another launch may use it meanwhile */
    (void)!incus_request(client, "DELETE", path, NULL, NULL, &ignored);
    return false;
}

/* *busy: it is there, or being made by somebody else. */
static bool make(struct incus *client, const struct network *network, bool *busy, struct error *err) {
    _cleanup_(ranges_done) struct ranges used = {0};
    if (!subnet_used(&used, err))
        return false;
    for (int i = 0;; i++) {
        uint32_t subnet;
        if (!subnet_find(&used, seed_of(network->name), &subnet, err) ||
            !put_acl(client, network, subnet + 1, NULL, err))
            return false;
        _cleanup_json_ json_t *body = bridge_body(network, subnet + 1);
        bool made = network_ask_again(client, "POST", "/1.0/networks", body, err);
        if (made && (i == SUBNETS_TRIED || !subnet_is_shared(subnet, network->name)))
            return true;
        *busy = err->code == 409;
        if (*busy)
            error_done(err);
        if (*busy)
            return true;
        if (made ? !take_back(client, network, err) : !is_subnet_taken(i, err))
            return remove_acl(client, network);
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

static bool apply(struct incus *client, const struct network *network, const json_t *bridge,
                  struct error *err) {
    _cleanup_free_ char *path = incus_path(NULL, "network-acls", network->name, NULL);
    _cleanup_(error_done) struct error absent = {0};
    _cleanup_json_ json_t *before = NULL;
    uint32_t gateway = 0;
    if (!gateway_of(bridge, &gateway))
        return error_set(err, ERROR_FAILED, "network %s has no address", network->name);
    if (network->answers.count && json_array_size(json_at(bridge, "used_by")) &&
        incus_request(client, "GET", path, NULL, &before, &absent)) {
        if (!put_acl(client, network, gateway, json_at(before, "egress"), err))
            return false;
        write_hosts(client, network, bridge);
    }
    return put_acl(client, network, gateway, NULL, err);
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

static bool step(struct incus *client, struct network *network, struct error *err) {
    _cleanup_json_ json_t *bridge = NULL;
    bool busy = false;
    if (!look(client, network, &bridge, err))
        return false;
    if (bridge && !str_equal(json_str_at(bridge, "status"), "Created"))
        return loop_pause(incus_loop(client), AWAIT_STEP_MS, err);
    bool good = bridge ? check_bridge(network, bridge, err) && apply(client, network, bridge, err)
                       : make(client, network, &busy, err);
    network->in_force = good && !busy;
    if (good || err->class != ERROR_FAILED || !is_changing(client, network, bridge != NULL))
        return good;
    error_done(err);
    return loop_pause(incus_loop(client), AWAIT_STEP_MS, err);
}

void network_warnings(const struct network *network, struct strings *lines) {
    rules_warnings(&network->rules, lines);
    if (network->unseen)
        strings_printf(lines,
                       "network %s: its rules are an administrator's and cannot be looked at from this "
                       "project%s",
                       network_mode_name(network->rules.mode),
                       network->answers.count ? "; addresses of names are those of when they were made"
                                              : "");
    if (network->rules.mode == NETWORK_ALLOWLIST && listener_everywhere(PORT_DNS))
        strings_add(lines,
                    "network allowlist: a name server of this machine answers on all of its addresses: "
                    "sessions can ask it for any name");
}

bool network_up(struct incus *client, struct network *network, struct error *err) {
    int64_t end = loop_now() + AWAIT_MS;
    if (!network->name)
        return true;
    while (!network->in_force) {
        if (!step(client, network, err))
            return refuse(client, network, err);
        if (network->in_force || loop_now() < end)
            continue;
        error_set(err, ERROR_FAILED, "network %s is not ready after %d s", network->name, AWAIT_MS / 1000);
        error_hint(err, "incus network list shows it; berth network down %s removes it", network->name);
        return false;
    }
    return true;
}
