#include "network/rules.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

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

void rules_done(struct rules *rules) {
    reaches_done(&rules->allow);
    ranges_done(&rules->ports);
    ranges_done(&rules->dns);
    *rules = (struct rules){0};
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
    if (!reaches_read(text->allow_where, text->allow, &rules->allow, err) ||
        !ports_read(text->ports_where, text->ports, &rules->ports, err) ||
        !read_dns(text->dns_where, text->dns, &rules->dns, err))
        return false;
    if (rules->mode != NETWORK_ALLOWLIST || rules->allow.count)
        return true;
    error_set(err, ERROR_USAGE, "network allowlist: nothing is listed");
    error_hint(err, "--allow NAME:443, or [network] allow in the settings, lists a host");
    error_hint(err, "--network none is the one that reaches nothing");
    return false;
}

/* Servers are few: each for itself, never as a range. */
char *rules_dns_text(const struct rules *rules) {
    _cleanup_(strings_done) struct strings texts = {0};
    char text[INET_ADDRSTRLEN];
    size_t count;
    _cleanup_free_ uint32_t *all = ranges_all(&rules->dns, &count);
    for (size_t i = 0; i < count; i++)
        strings_add(&texts, range_address(all[i], text));
    return strings_join(&texts, ", ");
}

char *rules_text(const struct rules *rules) {
    _cleanup_free_ char *allow = reaches_text(&rules->allow), *ports = ports_text(&rules->ports),
                        *dns = rules_dns_text(rules);
    return str_printf("%s\nallow %s\nports %s\ndns %s\n", network_mode_name(rules->mode), allow, ports,
                      dns);
}

void rules_names(const struct rules *rules, struct strings *names) {
    for (size_t i = 0; rules->mode == NETWORK_ALLOWLIST && i < rules->allow.count; i++)
        if (rules->allow.items[i].name && !strings_has(names, rules->allow.items[i].name))
            strings_add(names, rules->allow.items[i].name);
}

bool rules_need_network(const struct rules *rules) {
    return rules->mode == NETWORK_RESTRICTED || rules->mode == NETWORK_ALLOWLIST;
}

bool rules_as_narrow(enum network_mode has, enum network_mode wanted) {
    return has == NETWORK_NONE || wanted == NETWORK_OPEN;
}

void rules_explain(const struct rules *rules, struct strings *lines) {
    _cleanup_free_ char *allow = reaches_text(&rules->allow), *ports = ports_text(&rules->ports),
                        *dns = rules_dns_text(rules);
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
    for (size_t i = 0; restricted && i < rules->allow.count; i++)
        if (rules->allow.items[i].name)
            strings_printf(lines,
                           "network restricted: allow %s has no effect: the internet is open anyway, "
                           "and a private host is listed by its address",
                           rules->allow.items[i].text);
}

json_t *rules_json(const struct rules *rules) {
    _cleanup_free_ char *ports = ports_text(&rules->ports), *dns = rules_dns_text(rules);
    json_t *allow = json_array();
    for (size_t i = 0; i < rules->allow.count; i++)
        json_array_append_new(allow, json_text(rules->allow.items[i].text));
    return json_pack("{s:s, s:o, s:s, s:s}", "mode", network_mode_name(rules->mode), "allow", allow,
                     "allowed_ports", ports, "dns_servers", dns);
}
