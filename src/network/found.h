/* The networks of sessions that there are. */
#pragma once

#include "network/network.h"

/* One that is there. */
struct network_found {
    char *name;
    struct rules rules;
    char *subnet;           /* "10.1.2.1/24" */
    struct strings used_by; /* names of instances */
};
struct networks {
    struct network_found *items;
    size_t count;
};
void networks_done(struct networks *networks);
/* Those that berth made. */
bool networks_load(struct incus *client, struct networks *networks, struct error *err) nodiscard;
/*
 * The network of berth's of this name, as its rules; nothing is resolved yet. False without an error: it is
 * none of berth's.
 */
bool network_load(struct incus *client, const char *name, struct network *network,
                  struct error *err) nodiscard;
/* Removes one with its access list; an error if something uses it. */
bool network_remove(struct incus *client, const char *name, struct error *err) nodiscard;
/* Removes those that nothing uses; their names are added to `removed`. */
bool networks_remove_unused(struct incus *client, struct strings *removed, struct error *err) nodiscard;
