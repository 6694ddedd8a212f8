/*
 * Ports of a session that are ports of this machine: proxy devices of the daemon
 * (https://linuxcontainers.org/incus/docs/main/reference/devices_proxy/).
 */
#pragma once

#include "incus/client.h"

#define PUBLISH_DEVICE "publish-" /* and a number */

struct publish {
    char *address; /* of this machine; 127.0.0.1 unless told otherwise */
    unsigned int host, inside;
    bool udp;
};
struct publishes {
    struct publish *items;
    size_t count;
};
void publishes_done(struct publishes *publishes);

/*
 * Reads a list of PORT, HOST:PORT and ADDRESS:HOST:PORT, each with "/udp" behind it or not; `where` begins
 * an error. One port of this machine twice is one.
 */
bool publishes_read(const char *where, const char *list, struct publishes *publishes,
                    struct error *err) nodiscard;

/* The device. A new reference. */
json_t *publish_device(const struct publish *publish) nodiscard;
/* What a device publishes, "127.0.0.1:8080 -> 80"; NULL: it is no such device. Caller owns. */
char *publish_of_device(const json_t *device) nodiscard;
/* All of an instance's devices, in the order of their names; "" for none. Caller owns. */
char *publish_of_devices(const json_t *devices) nodiscard;

/*
 * Whether this machine's ports are free; what is taken is an error that says by whom: a session, or a
 * process that this user may look at.
 */
bool publish_check_free(struct incus *client, const struct publishes *publishes,
                        struct error *err) nodiscard;
