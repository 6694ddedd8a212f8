#include "network/acl.h"

#include <arpa/inet.h>

#define PORT_MAX 65535

static bool is_listed(const struct rules *rules, uint32_t address) {
    for (size_t i = 0; i < rules->allow.count; i++) {
        const struct reach *reach = &rules->allow.items[i];
        if (!reach->name && address >= reach->range.first && address <= reach->range.last)
            return true;
    }
    return false;
}

bool acl_check_answers(const struct rules *rules, struct answers *answers, struct error *err) {
    for (size_t i = 0; i < answers->count; i++) {
        struct answer *answer = &answers->items[i];
        char private[INET_ADDRSTRLEN] = "";
        size_t count;
        _cleanup_free_ uint32_t *all = ranges_all(&answer->addresses, &count);
        ranges_done(&answer->addresses);
        for (size_t j = 0; j < count; j++) {
            if (range_is_private(all[j]) && !is_listed(rules, all[j]))
                range_address(all[j], private);
            else
                ranges_add(&answer->addresses, (struct range){all[j], all[j]});
        }
        if (answer->addresses.count)
            continue;
        error_set(err, ERROR_REFUSED, "network allowlist: %s is %s, a private address", answer->name,
                  private);
        error_hint(err,
                   "who answers for a name could point it anywhere; --allow %s lists the address itself",
                   private);
        return false;
    }
    return true;
}

/* Rules that differ in nothing but where they lead are one. */
struct group {
    struct ranges to, ports;
};
struct groups {
    struct group *items;
    size_t count;
};

static void groups_done(struct groups *groups) {
    for (size_t i = 0; i < groups->count; i++) {
        ranges_done(&groups->items[i].to);
        ranges_done(&groups->items[i].ports);
    }
    free(groups->items);
}

static struct ranges *group_of(struct groups *groups, const struct ranges *ports) {
    _cleanup_free_ char *wanted = ports_text(ports);
    for (size_t i = 0; i < groups->count; i++) {
        _cleanup_free_ char *has = ports_text(&groups->items[i].ports);
        if (str_equal(has, wanted))
            return &groups->items[i].to;
    }
    groups->items = mem_grow(groups->items, (groups->count + 1) * sizeof *groups->items);
    struct group *group = &groups->items[groups->count++];
    *group = (struct group){0};
    for (size_t i = 0; i < ports->count; i++)
        ranges_add(&group->ports, ports->items[i]);
    return &group->to;
}

static void add_rule(json_t *rules, const char *to, const char *protocol, const char *ports) {
    json_t *rule = json_pack("{s:s, s:s}", "action", "allow", "destination", to);
    if (protocol)
        json_object_set_new(rule, "protocol", json_string(protocol));
    if (ports)
        json_object_set_new(rule, "destination_port", json_string(ports));
    json_object_set_new(rule, "state", json_string("enabled"));
    json_array_append_new(rules, rule);
}

/* Ports mean TCP and UDP; without any, everything. */
static void add_rules(json_t *rules, const struct ranges *to, const struct ranges *ports) {
    _cleanup_free_ char *destination = ranges_text(to), *list = ports_text(ports);
    if (*destination && !*list)
        add_rule(rules, destination, NULL, NULL);
    else if (*destination) {
        add_rule(rules, destination, "tcp", list);
        add_rule(rules, destination, "udp", list);
    }
}

static void add_internet(const struct rules *rules, const struct ranges *own, json_t *egress) {
    _cleanup_(ranges_done) struct ranges internet = {0}, ports = {0}, dns = {0};
    ranges_add_public(&internet);
    for (size_t i = 0; i < own->count; i++)
        ranges_remove(&internet, own->items[i]);
    for (size_t i = 0; i < rules->ports.count; i++)
        ranges_add(&ports, rules->ports.items[i]);
    if (rules->dns.count) {
        if (!ports.count)
            ranges_add(&ports, (struct range){1, PORT_MAX});
        ranges_remove(&ports, (struct range){PORT_DNS, PORT_DNS});
        ranges_add(&dns, (struct range){PORT_DNS, PORT_DNS});
        add_rules(egress, &rules->dns, &dns);
    }
    bool limited = rules->ports.count || rules->dns.count;
    if (!limited || ports.count)
        add_rules(egress, &internet, &ports);
    if (limited) { /* ping and traceroute tell whether the network works */
        _cleanup_free_ char *destination = ranges_text(&internet);
        add_rule(egress, destination, "icmp4", NULL);
    }
}

/* `sessions` is the network's own subnet: an entry that is wider does not let them reach each other. */
static void add_listed(const struct rules *rules, const struct answers *answers, struct range sessions,
                       json_t *egress) {
    _cleanup_(groups_done) struct groups groups = {0};
    for (size_t i = 0; i < rules->allow.count; i++) {
        const struct reach *reach = &rules->allow.items[i];
        const struct answer *answer = reach->name ? answers_of(answers, reach->name) : NULL;
        if (reach->name && !answer)
            continue;
        struct ranges *to = group_of(&groups, reach->ports.count ? &reach->ports : &rules->ports);
        if (!reach->name)
            ranges_add(to, reach->range);
        for (size_t j = 0; answer && j < answer->addresses.count; j++)
            ranges_add(to, answer->addresses.items[j]);
    }
    for (size_t i = 0; i < groups.count; i++) {
        ranges_remove(&groups.items[i].to, sessions);
        add_rules(egress, &groups.items[i].to, &groups.items[i].ports);
    }
}

json_t *acl_make(const struct rules *rules, const struct answers *answers, const struct ranges *own,
                 uint32_t gateway) {
    char source[INET_ADDRSTRLEN];
    json_t *egress = json_array();
    if (rules->mode == NETWORK_RESTRICTED)
        add_internet(rules, own, egress);
    add_listed(rules, answers, (struct range){gateway & ~0xffu, gateway | 0xff}, egress);
    return json_pack("{s:o, s:[{s:s, s:s, s:s}]}", "egress", egress, "ingress", "action", "allow", "source",
                     range_address(gateway, source), "state", "enabled");
}
