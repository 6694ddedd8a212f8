/* The NICs of a session: what its network rules make of those that its profiles would give it. */
#pragma once

#include "incus/instance.h"
#include "network/network.h"

/* Those of the daemon's object of a profile, by their names. A new reference. */
json_t *nics_of_profile(const json_t *profile) nodiscard;
/* Isolates the ports of those that are on a bridge. What cannot be told is on none. */
void nics_isolate(struct incus *client, json_t *nics);

/*
 * The devices that stand before the profiles' NICs (`nics`, by name): one in the network of the rules and
 * no other, or none at all. Where the rules are open they are as they are handed in. Pure. A new reference.
 */
json_t *nics_plan(const struct network *network, const json_t *nics) nodiscard;

/*
 * Whether an instance has the NICs of `devices` and no others; the name of one that is too many is put into
 * *extra (lent; NULL if there is none).
 */
bool nics_match(const struct instance *instance, const json_t *devices, const char **extra);

/* The error for a NIC that none of ours stands before. */
bool nics_refuse(const char *instance, const char *extra, enum network_mode mode, struct error *err);

/*
 * Gives an instance, which may be running, these devices, and the labels that tell of them. The network is
 * there. A running one has another address then, and its connections are lost.
 */
bool nics_move(struct incus *client, const char *instance, const struct network *network,
               const json_t *devices, struct error *err) nodiscard;

/* The mode of an instance's network, as berth made it; one that says nothing is open. */
enum network_mode nics_mode(const struct instance *instance);
/* The network of berth's that it is in, "" if none; lent. */
const char *nics_network(const struct instance *instance);
