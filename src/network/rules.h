/*
 * What a session may reach, as a value: the mode, what is listed, ports and name servers. Pure: names are
 * resolved elsewhere (resolve.h).
 */
#pragma once

#include "base/json.h"
#include "config/settings.h"
#include "network/reach.h"

enum network_mode { NETWORK_RESTRICTED, NETWORK_ALLOWLIST, NETWORK_OPEN, NETWORK_NONE };
#define NETWORK_MODES 4

const char *network_mode_name(enum network_mode mode);
/* False: there is none of this name. */
bool network_mode_parse(const char *name, enum network_mode *mode) nodiscard;

struct rules {
    enum network_mode mode;
    struct reaches allow;
    struct ranges ports; /* where an entry names none; none: all */
    struct ranges dns;   /* the servers that names are asked of; none: the host's */
};
void rules_done(struct rules *rules);

/* The settings' words for them, and whose they are ("config.ini:12"), which begins an error. */
struct rules_text {
    const char *mode, *allow, *ports, *dns;
    const char *allow_where, *ports_where, *dns_where;
};
struct rules_text rules_text_of(const struct settings *settings);
/*
 * Reads them. What cannot be an entry, a port or a server, and an allowlist with nothing in it: an error
 * that names it.
 */
bool rules_read(const struct rules_text *text, struct rules *rules, struct error *err) nodiscard;

/* The servers, "" for none. Caller owns. */
char *rules_dns_text(const struct rules *rules) nodiscard;
/* Everything that tells one set of rules from another. Caller owns. */
char *rules_text(const struct rules *rules) nodiscard;
/* The names that are to be resolved: those of an allowlist. */
void rules_names(const struct rules *rules, struct strings *names);
/* Whether sessions under them need a network that berth makes. */
bool rules_need_network(const struct rules *rules);
/* Whether a session with rules `has` may reach no more than `wanted` lets it; in doubt: no. */
bool rules_as_narrow(enum network_mode has, enum network_mode wanted);

/* In words: what is reachable, and what is not; a line each. */
void rules_explain(const struct rules *rules, struct strings *lines);
/* What of the settings has no effect in this mode. */
void rules_warnings(const struct rules *rules, struct strings *lines);
/* {"mode", "allow": […], "allowed_ports", "dns_servers"}. A new reference. */
json_t *rules_json(const struct rules *rules) nodiscard;
