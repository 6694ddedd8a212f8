/*
 * What a session may reach, as a value: the mode, what is listed, ports and name servers; and the access
 * list that this becomes. Pure: names are resolved elsewhere (resolve.h), and handed in.
 *
 * Incus applies the rules of an access list in the order drop, reject, allow
 * (https://linuxcontainers.org/incus/docs/main/howto/network_acls/), so that an allow makes no hole into a
 * reject: ours are allows alone, and what none of them names is rejected by the network's default.
 */
#pragma once

#include "base/json.h"
#include "config/settings.h"
#include "network/range.h"

enum network_mode { NETWORK_RESTRICTED, NETWORK_ALLOWLIST, NETWORK_OPEN, NETWORK_NONE };
#define NETWORK_MODES 4

#define PORT_DNS 53
const char *network_mode_name(enum network_mode mode);
/* False: there is none of this name. */
bool network_mode_parse(const char *name, enum network_mode *mode) nodiscard;

/* One entry of a list: a name, or a range of addresses. */
struct reach {
    char *text; /* as it is shown: "github.com:443" */
    char *name; /* NULL: the range stands */
    struct range range;
    struct ranges ports; /* of TCP and UDP; none: all, and every protocol */
};

struct rules {
    enum network_mode mode;
    struct reach *allow; /* sorted by their texts */
    size_t allow_count;
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
 * Reads them. A wildcard, a port above 65535, an IPv6 address, an allowlist with nothing in it: an error
 * that names the entry. In a list a number behind a comma is one more port of the entry before it.
 */
bool rules_read(const struct rules_text *text, struct rules *rules, struct error *err) nodiscard;

/* The entries, "" for none; ports; servers: as rules_read() takes them. Caller owns. */
char *rules_allow_text(const struct rules *rules) nodiscard;
char *ports_text(const struct ranges *ports) nodiscard;
/* Everything that tells one set of rules from another. Caller owns. */
char *rules_text(const struct rules *rules) nodiscard;
/* The names that are to be resolved: those of an allowlist. */
void rules_names(const struct rules *rules, struct strings *names);
/* Whether sessions under them need a network that berth makes. */
bool rules_need_network(const struct rules *rules);
/* Whether a session with rules `has` may reach no more than `wanted` lets it; in doubt: no. */
bool rules_as_narrow(enum network_mode has, enum network_mode wanted);

/* What a name was found to be. */
struct answer {
    char *name;
    struct ranges addresses; /* none of them private, unless an entry lists it */
    long seconds;            /* that it is good for */
};
struct answers {
    struct answer *items; /* in the order of the names */
    size_t count;
};
void answers_done(struct answers *answers);
/* Takes private addresses out that no entry covers; an error where none is left of a name. */
bool rules_check_answers(const struct rules *rules, struct answers *answers, struct error *err) nodiscard;

/*
 * The access list's body, {"egress", "ingress"}: `own` are this machine's addresses, which are not of the
 * internet though they may look like it; `gateway` is the bridge's, from where the host reaches its
 * sessions. A new reference.
 */
json_t *rules_acl(const struct rules *rules, const struct answers *answers, const struct ranges *own,
                  uint32_t gateway) nodiscard;

/* The lines of /etc/hosts for the answers. Caller owns. */
char *answers_hosts(const struct answers *answers) nodiscard;

/* In words: what is reachable, and what is not; a line each. */
void rules_explain(const struct rules *rules, struct strings *lines);
/* What of the settings has no effect in this mode. */
void rules_warnings(const struct rules *rules, struct strings *lines);
/* {"mode", "allow": […], "allowed_ports", "dns_servers"}. A new reference. */
json_t *rules_json(const struct rules *rules) nodiscard;
