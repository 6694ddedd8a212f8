#include "network/rules.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define PORT_MAX 65535

static const char *const mode_names[] = {[NETWORK_RESTRICTED] = "restricted",
                                         [NETWORK_ALLOWLIST] = "allowlist",
                                         [NETWORK_OPEN] = "open",
                                         [NETWORK_NONE] = "none"};

const char *network_mode_name(enum network_mode mode) {
    return mode_names[mode];
}

bool network_mode_parse(const char *name, enum network_mode *mode) {
    for (size_t i = 0; i < array_length(mode_names); i++)
        if (strcasecmp(name, mode_names[i]) == 0) {
            *mode = (enum network_mode)i;
            return true;
        }
    return false;
}

static void reach_done(struct reach *reach) {
    free(reach->text);
    free(reach->name);
    ranges_done(&reach->ports);
}

void rules_done(struct rules *rules) {
    for (size_t i = 0; i < rules->allow_count; i++)
        reach_done(&rules->allow[i]);
    free(rules->allow);
    ranges_done(&rules->ports);
    ranges_done(&rules->dns);
    *rules = (struct rules){0};
}

void answers_done(struct answers *answers) {
    for (size_t i = 0; i < answers->count; i++) {
        free(answers->items[i].name);
        ranges_done(&answers->items[i].addresses);
    }
    free(answers->items);
    *answers = (struct answers){0};
}

struct rules_text rules_text_of(const struct settings *settings) {
    return (struct rules_text){.mode = settings_text(settings, SETTING_NETWORK),
                               .allow = settings_text(settings, SETTING_ALLOW),
                               .ports = settings_text(settings, SETTING_ALLOWED_PORTS),
                               .dns = settings_text(settings, SETTING_DNS_SERVERS),
                               .allow_where = settings->values[SETTING_ALLOW].where,
                               .ports_where = settings->values[SETTING_ALLOWED_PORTS].where,
                               .dns_where = settings->values[SETTING_DNS_SERVERS].where};
}

/* One port or FROM-TO. */
static bool add_port(struct ranges *ports, const char *text) {
    const char *dash = strchr(text, '-');
    _cleanup_free_ char *from = dash ? str_copy_n(text, (size_t)(dash - text)) : str_copy(text);
    unsigned long first, last;
    if (!str_to_number(from, PORT_MAX, &first) || !str_to_number(dash ? dash + 1 : from, PORT_MAX, &last) ||
        first == 0 || first > last)
        return false;
    ranges_add(ports, (struct range){(uint32_t)first, (uint32_t)last});
    return true;
}

static bool bad_port(const char *where, const char *entry, const char *port, struct error *err) {
    _cleanup_free_ char *shown = str_shown(entry), *shown_port = str_shown(port);
    return error_set(err, ERROR_USAGE, "%s %s: \"%s\" is not a port: 1 to 65535, or FROM-TO", where, shown,
                     shown_port);
}

char *ports_text(const struct ranges *ports) {
    _cleanup_(strings_done) struct strings all = {0};
    for (size_t i = 0; i < ports->count; i++) {
        const struct range *port = &ports->items[i];
        if (port->first == port->last)
            strings_printf(&all, "%u", port->first);
        else
            strings_printf(&all, "%u-%u", port->first, port->last);
    }
    return strings_join(&all, ",");
}

static bool is_name(const char *text) {
    size_t label = 0, length = strlen(text);
    if (length == 0 || length > 253)
        return false;
    for (const char *at = text; *at; at++) {
        bool dot = *at == '.', edge = at == text || at[-1] == '.' || !at[1] || at[1] == '.';
        if (dot ? label == 0 : !isalnum((unsigned char)*at) && *at != '_' && (*at != '-' || edge))
            return false;
        label = dot ? 0 : label + 1;
        if (label > 63)
            return false;
    }
    return text[length - 1] != '.';
}

/* What is wrong with an entry's host, in the words that help. */
static bool bad_host(const char *where, const char *entry, const char *host, struct error *err) {
    _cleanup_free_ char *shown = str_shown(entry);
    if (strstr(entry, "://")) {
        error_set(err, ERROR_USAGE, "%s %s: a URL is not a host", where, shown);
        error_hint(err, "the name alone, and its ports: github.com:443");
    } else if (strchr(host, '*') || strchr(host, '?')) {
        error_set(err, ERROR_USAGE, "%s %s: a wildcard cannot be resolved to addresses", where, shown);
        error_hint(err, "list each host by its name");
    } else if (strchr(host, ':')) {
        error_set(err, ERROR_USAGE, "%s %s: IPv6 is closed in sessions' networks", where, shown);
        error_hint(err, "an IPv4 address, or a name that has one");
    } else if (strspn(host, "0123456789./") == strlen(host)) {
        error_set(err, ERROR_USAGE, "%s %s: not an IPv4 address or CIDR", where, shown);
    } else {
        error_set(err, ERROR_USAGE, "%s %s: not a host's name, an address or a CIDR", where, shown);
    }
    return false;
}

static bool read_reach(const char *where, const char *entry, struct reach *reach, struct error *err) {
    const char *colon = strrchr(entry, ':');
    bool ports = colon && colon != entry && colon == strchr(entry, ':') && !strstr(entry, "://");
    _cleanup_free_ char *host = ports ? str_copy_n(entry, (size_t)(colon - entry)) : str_copy(entry);
    for (char *at = host; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    bool numbers = strspn(host, "0123456789./") == strlen(host);
    if (!range_parse(host, &reach->range)) {
        if (numbers || !is_name(host))
            return bad_host(where, entry, host, err);
        reach->name = str_copy(host);
    }
    reach->text = str_copy(host);
    return !ports || add_port(&reach->ports, colon + 1) || bad_port(where, entry, colon + 1, err);
}

static int by_text(const void *a, const void *b) {
    return strcmp(((const struct reach *)a)->text, ((const struct reach *)b)->text);
}

/* Texts get their ports, entries an order, and what stands there twice goes. */
static void settle(struct rules *rules) {
    size_t kept = 0;
    for (size_t i = 0; i < rules->allow_count; i++) {
        struct reach *reach = &rules->allow[i];
        _cleanup_free_ char *ports = ports_text(&reach->ports),
                            *text = str_printf("%s%s%s", reach->text, *ports ? ":" : "", ports);
        str_set(&reach->text, text);
    }
    if (rules->allow_count)
        qsort(rules->allow, rules->allow_count, sizeof *rules->allow, by_text);
    for (size_t i = 0; i < rules->allow_count; i++) {
        if (kept && str_equal(rules->allow[kept - 1].text, rules->allow[i].text))
            reach_done(&rules->allow[i]);
        else
            rules->allow[kept++] = rules->allow[i];
    }
    rules->allow_count = kept;
}

static bool is_port_alone(const char *word) {
    return *word && strspn(word, "0123456789-") == strlen(word);
}

static bool read_allow(const char *where, const char *list, struct rules *rules, struct error *err) {
    _cleanup_free_ char *copy = str_copy(list);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", \t"));) {
        struct reach *last = rules->allow_count ? &rules->allow[rules->allow_count - 1] : NULL;
        if (!*word)
            continue;
        if (is_port_alone(word) && last && last->ports.count) {
            if (!add_port(&last->ports, word))
                return bad_port(where, last->text, word, err);
            continue;
        }
        rules->allow = mem_grow(rules->allow, (rules->allow_count + 1) * sizeof *rules->allow);
        rules->allow[rules->allow_count] = (struct reach){0};
        if (!read_reach(where, word, &rules->allow[rules->allow_count++], err))
            return false;
    }
    return true;
}

static bool read_ports(const char *where, const char *list, struct ranges *ports, struct error *err) {
    _cleanup_free_ char *copy = str_copy(list);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", \t"));)
        if (*word && !add_port(ports, word))
            return bad_port(where, list, word, err);
    return true;
}

static bool read_dns(const char *where, const char *list, struct ranges *servers, struct error *err) {
    _cleanup_free_ char *copy = str_copy(list);
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ", \t"));) {
        struct range server;
        if (!*word)
            continue;
        if (strchr(word, '/') || !range_parse(word, &server)) {
            _cleanup_free_ char *shown = str_shown(word);
            return error_set(err, ERROR_USAGE, "%s %s: a name server is an IPv4 address", where, shown);
        }
        ranges_add(servers, server);
    }
    return true;
}

bool rules_read(const struct rules_text *text, struct rules *rules, struct error *err) {
    if (!network_mode_parse(text->mode, &rules->mode)) {
        _cleanup_free_ char *shown = str_shown(text->mode);
        return error_set(err, ERROR_USAGE,
                         "network mode \"%s\": there are restricted, allowlist, open, none", shown);
    }
    if (!read_allow(text->allow_where, text->allow, rules, err) ||
        !read_ports(text->ports_where, text->ports, &rules->ports, err) ||
        !read_dns(text->dns_where, text->dns, &rules->dns, err))
        return false;
    settle(rules);
    if (rules->mode != NETWORK_ALLOWLIST || rules->allow_count)
        return true;
    error_set(err, ERROR_USAGE, "network allowlist: nothing is listed");
    error_hint(err, "--allow NAME:443, or [network] allow in the settings, lists a host");
    error_hint(err, "--network none is the one that reaches nothing");
    return false;
}

char *rules_allow_text(const struct rules *rules) {
    _cleanup_(strings_done) struct strings all = {0};
    for (size_t i = 0; i < rules->allow_count; i++)
        strings_add(&all, rules->allow[i].text);
    return strings_join(&all, ", ");
}

/* Servers are few: each for itself, never as a range. */
static char *dns_text(const struct rules *rules) {
    _cleanup_(strings_done) struct strings all = {0};
    char text[INET_ADDRSTRLEN];
    for (size_t i = 0; i < rules->dns.count; i++)
        for (uint32_t at = rules->dns.items[i].first;; at++) {
            strings_add(&all, range_address(at, text));
            if (at == rules->dns.items[i].last)
                break;
        }
    return strings_join(&all, ", ");
}

char *rules_text(const struct rules *rules) {
    _cleanup_free_ char *allow = rules_allow_text(rules), *ports = ports_text(&rules->ports),
                        *dns = dns_text(rules);
    return str_printf("%s\nallow %s\nports %s\ndns %s\n", network_mode_name(rules->mode), allow, ports,
                      dns);
}

void rules_names(const struct rules *rules, struct strings *names) {
    for (size_t i = 0; rules->mode == NETWORK_ALLOWLIST && i < rules->allow_count; i++)
        if (rules->allow[i].name && !strings_has(names, rules->allow[i].name))
            strings_add(names, rules->allow[i].name);
}

bool rules_need_network(const struct rules *rules) {
    return rules->mode == NETWORK_RESTRICTED || rules->mode == NETWORK_ALLOWLIST;
}

bool rules_as_narrow(enum network_mode has, enum network_mode wanted) {
    return has == NETWORK_NONE || wanted == NETWORK_OPEN;
}

static bool is_listed(const struct rules *rules, uint32_t address) {
    for (size_t i = 0; i < rules->allow_count; i++) {
        const struct reach *reach = &rules->allow[i];
        if (!reach->name && address >= reach->range.first && address <= reach->range.last)
            return true;
    }
    return false;
}

bool rules_check_answers(const struct rules *rules, struct answers *answers, struct error *err) {
    for (size_t i = 0; i < answers->count; i++) {
        struct answer *answer = &answers->items[i];
        char private[INET_ADDRSTRLEN] = "";
        struct ranges all = answer->addresses;
        answer->addresses = (struct ranges){0};
        for (size_t j = 0; j < all.count; j++)
            for (uint32_t at = all.items[j].first;; at++) {
                if (range_is_private(at) && !is_listed(rules, at))
                    range_address(at, private);
                else
                    ranges_add(&answer->addresses, (struct range){at, at});
                if (at == all.items[j].last)
                    break;
            }
        ranges_done(&all);
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

static const struct answer *answer_for(const struct answers *answers, const char *name) {
    for (size_t i = 0; i < answers->count; i++)
        if (str_equal(answers->items[i].name, name))
            return &answers->items[i];
    return NULL;
}

/* `sessions` is the network's own subnet: an entry that is wider does not let them reach each other. */
static void add_listed(const struct rules *rules, const struct answers *answers, struct range sessions,
                       json_t *egress) {
    _cleanup_(groups_done) struct groups groups = {0};
    for (size_t i = 0; i < rules->allow_count; i++) {
        const struct reach *reach = &rules->allow[i];
        const struct answer *answer = reach->name ? answer_for(answers, reach->name) : NULL;
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

json_t *rules_acl(const struct rules *rules, const struct answers *answers, const struct ranges *own,
                  uint32_t gateway) {
    char source[INET_ADDRSTRLEN];
    json_t *egress = json_array();
    if (rules->mode == NETWORK_RESTRICTED)
        add_internet(rules, own, egress);
    add_listed(rules, answers, (struct range){gateway & ~0xffu, gateway | 0xff}, egress);
    return json_pack("{s:o, s:[{s:s, s:s, s:s}]}", "egress", egress, "ingress", "action", "allow", "source",
                     range_address(gateway, source), "state", "enabled");
}

char *answers_hosts(const struct answers *answers) {
    struct buffer text = {0};
    char address[INET_ADDRSTRLEN];
    buffer_text(&text, "");
    for (size_t i = 0; i < answers->count; i++) {
        const struct ranges *all = &answers->items[i].addresses;
        for (size_t j = 0; j < all->count; j++)
            for (uint32_t at = all->items[j].first;; at++) {
                buffer_printf(&text, "%s %s\n", range_address(at, address), answers->items[i].name);
                if (at == all->items[j].last)
                    break;
            }
    }
    return text.data;
}

void rules_explain(const struct rules *rules, struct strings *lines) {
    _cleanup_free_ char *allow = rules_allow_text(rules), *ports = ports_text(&rules->ports),
                        *dns = dns_text(rules);
    switch (rules->mode) {
    case NETWORK_RESTRICTED:
        strings_printf(lines, "reaches the internet%s%s, and names by %s", *ports ? ", ports " : "", ports,
                       *dns ? dns : "the host's resolver");
        if (*allow)
            strings_printf(lines, "and %s", allow);
        strings_add(lines, "not private and metadata addresses, this machine, other sessions");
        break;
    case NETWORK_ALLOWLIST:
        strings_printf(lines, "reaches %s", allow);
        if (*ports)
            strings_printf(lines, "where no port is named: %s", ports);
        strings_add(lines, "and nothing else; names come from the hosts file inside");
        break;
    case NETWORK_OPEN:
        strings_add(lines, "reaches everything that this machine reaches, but not other sessions");
        break;
    case NETWORK_NONE:
        strings_add(lines, "reaches nothing");
        break;
    }
}

void rules_warnings(const struct rules *rules, struct strings *lines) {
    const char *mode = network_mode_name(rules->mode);
    bool restricted = rules->mode == NETWORK_RESTRICTED;
    if (rules->dns.count && rules->mode == NETWORK_OPEN)
        strings_printf(lines, "network %s: dns_servers has no effect", mode);
    if (rules->ports.count && rules->mode == NETWORK_OPEN)
        strings_printf(lines, "network %s: allowed_ports has no effect", mode);
    for (size_t i = 0; restricted && i < rules->allow_count; i++)
        if (rules->allow[i].name)
            strings_printf(lines,
                           "network restricted: allow %s has no effect: the internet is open anyway, "
                           "and a private host is listed by its address",
                           rules->allow[i].text);
}

json_t *rules_json(const struct rules *rules) {
    _cleanup_free_ char *ports = ports_text(&rules->ports), *dns = dns_text(rules);
    json_t *allow = json_array();
    for (size_t i = 0; i < rules->allow_count; i++)
        json_array_append_new(allow, json_text(rules->allow[i].text));
    return json_pack("{s:s, s:o, s:s, s:s}", "mode", network_mode_name(rules->mode), "allow", allow,
                     "allowed_ports", ports, "dns_servers", dns);
}
