/* What the daemon must have of a network for its rules to hold, and whether it has. */
#pragma once

#include "incus/project.h"
#include "network/network.h"

/* All of the bridge's config but its address. A new reference. */
json_t *wanted_config(const struct network *network) nodiscard;
/* The access list for a bridge with this address, on this machine as it is now; NULL with an error. */
json_t *wanted_acl(const struct network *network, uint32_t gateway, struct error *err) nodiscard;

/* The bridge's own address; false: it has none. */
bool wanted_gateway(const json_t *bridge, uint32_t *gateway) nodiscard;
/* Whether a bridge is as wanted; refused, with the key that differs, if not. */
bool wanted_check(const struct network *network, const json_t *bridge, struct error *err) nodiscard;
/*
 * Whether the daemon hides from this user what the network is (Incus 6.0: its config is empty, its access
 * list answers 403): it is an administrator's, under the name that stands for its rules.
 */
bool wanted_is_unseen(const json_t *bridge, const struct question *acl);
/* Whether an access list has these rules and no others. */
bool wanted_same_rules(const json_t *acl, const json_t *wanted);

/* What is to be asked of the daemon beside other things, and what its answers mean. */
enum { NETWORK_ASK_BRIDGE, NETWORK_ASK_ACL, NETWORK_QUESTIONS };
void network_ask(const struct network *network, struct question *questions);
/*
 * Sets in_force. Refused: a network of that name which is not as these rules want it, a project that may
 * not use it.
 */
bool network_read(struct network *network, const struct question *questions, const struct project *project,
                  struct error *err) nodiscard;
