/* Making the network of rules, and keeping its access list what it must be. */
#pragma once

#include "network/network.h"

/*
 * Makes it, or its access list as it must be, if it is not in force; made by another at the same moment it
 * is waited for. Where the daemon cannot, or may not: ERROR_REFUSED, with what an administrator types.
 */
bool network_up(struct incus *client, struct network *network, struct error *err) nodiscard;

/*
 * Makes the access list of a network that is there what rules and answers say. Of an allowlist both the old
 * and the new addresses may be reached while the hosts files of its running sessions are written.
 */
bool network_apply(struct incus *client, const struct network *network, struct error *err) nodiscard;

/*
 * A request that makes or removes a bridge, again where the daemon fails because some other interface of
 * the machine went away while it looked at all of them.
 */
bool network_ask_again(struct incus *client, const char *method, const char *path, const json_t *body,
                       struct error *err) nodiscard;

/* Names of the instances that use it, of the daemon's object. */
void network_users(const json_t *bridge, struct strings *names);
