/*
 * The networks of sessions: one managed bridge with one access list for each set of rules, of the same
 * name, made by the daemon when it is first needed and shared by all who ask for the same. What was
 * measured of them is that an access list on a network is in force before a container starts, and at once
 * when it is changed.
 * https://linuxcontainers.org/incus/docs/main/reference/network_bridge/
 */
#pragma once

#include "incus/client.h"
#include "network/answers.h"
#include "network/rules.h"

#define NETWORK_PREFIX "berth-"

/* What is written into their config: the rules, as rules_read() takes them. */
#define NETWORK_MODE  "user.berth.mode"
#define NETWORK_ALLOW "user.berth.allow"
#define NETWORK_PORTS "user.berth.ports"
#define NETWORK_DNS   "user.berth.dns"

struct network {
    struct rules rules;
    struct answers answers;
    char *name;  /* of the bridge and its access list; NULL: the rules need none */
    char *home;  /* of the daemon: a part of the name */
    char *stray; /* the name that it would have, if an interface of a dead network did not have that */
    unsigned int generation;
    bool unseen;   /* it is there, and this user may not look at its rules */
    bool in_force; /* it is there, with these rules: nothing is to be made */
};
void network_done(struct network *network);

/*
 * Reads the settings: an error of theirs is said before the daemon is asked. The name is that of an
 * interface, so at most 15 characters; part of it is the daemon's home, for two daemons of one machine
 * share its interfaces.
 */
bool network_init(struct network *network, const struct incus *client, const struct settings *settings,
                  struct error *err) nodiscard;
/*
 * Another name, always the same next one: a daemon that is killed while it makes a bridge can leave the
 * interface, which it knows nothing of afterwards and which only the machine's administrator can remove.
 */
#define NETWORK_NAMES 8
void network_next_name(struct network *network);
/* Whether this is one of its names; it is its name then. */
bool network_take_name(struct network *network, const char *name);
/* Resolves what the rules name. */
bool network_resolve(struct network *network, struct loop *loop, struct error *err) nodiscard;

/*
 * What of the settings has no effect, and what keeps the rules from being all that they say: the daemon
 * leaves port 53 of this machine open to every session.
 */
/* The flags that ask for a network of these rules: "--network allowlist --allow 1.2.3.4". Caller owns. */
char *network_flags(const struct network *network) nodiscard;
void network_warnings(const struct network *network, struct strings *lines);
