#include "network/wanted.h"

#include "network/acl.h"
#include "network/subnet.h"

#include <string.h>

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
json_t *wanted_config(const struct network *network) {
    const struct rules *rules = &network->rules;
    _cleanup_free_ char *allow = reaches_text(&rules->allow), *ports = ports_text(&rules->ports),
                        *dns = rules_dns_text(rules), *dnsmasq = dnsmasq_lines(rules, dns);
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
bool wanted_gateway(const json_t *bridge, uint32_t *gateway) {
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

bool wanted_check(const struct network *network, const json_t *bridge, struct error *err) {
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
    return wanted_gateway(bridge, &gateway) ||
           changed(network, "ipv4.address", json_get_str(config, "ipv4.address"), "10.x.y.1/24", err);
}

/* The daemon leaves out what is empty, and has an order of its own within a rule, as JSON may. */
bool wanted_same_rules(const json_t *acl, const json_t *wanted) {
    return json_equal(json_at(acl, "egress"), json_object_get(wanted, "egress")) &&
           json_equal(json_at(acl, "ingress"), json_object_get(wanted, "ingress"));
}

json_t *wanted_acl(const struct network *network, uint32_t gateway, struct error *err) {
    _cleanup_(ranges_done) struct ranges own = {0};
    return subnet_own_addresses(&own, err) ? acl_make(&network->rules, &network->answers, &own, gateway)
                                           : NULL;
}

void network_ask(const struct network *network, struct question *questions) {
    if (!network->name)
        return;
    questions[NETWORK_ASK_BRIDGE].path = incus_path(NULL, "networks", network->name, NULL);
    questions[NETWORK_ASK_ACL].path = incus_path(NULL, "network-acls", network->name, NULL);
}

/* A restricted project uses the networks that it names and no others. */
static bool check_project(struct network *network, const struct project *project, struct error *err) {
    const char *access = project->networks;
    if (str_empty(access))
        return true;
    _cleanup_free_ char *copy = str_copy(access);
    char *rest = copy;
    for (char *name; (name = strsep(&rest, ", "));)
        if (network_take_name(network, name))
            return true;
    _cleanup_free_ char *flags = network_flags(network);
    const char *mode = network_mode_name(network->rules.mode);
    error_set(err, ERROR_REFUSED,
              "project %s may use no other network than %s: %s sessions need one of theirs", project->name,
              access, mode);
    error_hint(err, "an administrator gives it one: sudo berth network up --to %s %s", project->name,
               flags);
    error_hint(err, "--network open uses the project's own network, and reaches what that reaches");
    return false;
}

bool wanted_is_unseen(const json_t *bridge, const struct question *acl) {
    return acl->err.code == 403 && json_object_size(json_at(bridge, "config")) == 0;
}

bool network_read(struct network *network, const struct question *questions, const struct project *project,
                  struct error *err) {
    const struct question *bridge = &questions[NETWORK_ASK_BRIDGE], *acl = &questions[NETWORK_ASK_ACL];
    uint32_t gateway = 0;
    network->in_force = !network->name;
    if (!network->name)
        return true;
    bool stray = bridge->metadata && !json_bool_at(bridge->metadata, "managed");
    if (stray) /* whether the next one is there network_up() looks */
        network_next_name(network);
    if (!check_project(network, project, err))
        return false;
    if (stray)
        return true;
    if (!bridge->metadata || !str_equal(json_str_at(bridge->metadata, "status"), "Created"))
        return true;
    network->unseen = network->in_force = wanted_is_unseen(bridge->metadata, acl);
    if (network->unseen)
        return true;
    if (!wanted_check(network, bridge->metadata, err) || !wanted_gateway(bridge->metadata, &gateway))
        return false;
    _cleanup_json_ json_t *wanted = wanted_acl(network, gateway, err);
    if (!wanted)
        return false;
    network->in_force = acl->metadata && wanted_same_rules(acl->metadata, wanted);
    return true;
}
