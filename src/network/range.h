/* Sets of IPv4 addresses, as ranges. Pure. */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* Both ends belong to it; in the host's byte order. */
struct range {
    uint32_t first, last;
};

/* Sorted, and none touches another. */
struct ranges {
    struct range *items;
    size_t count;
};
void ranges_done(struct ranges *ranges);

/* Reads an address or a CIDR ("10.0.0.0/8"; what stands behind the mask is ignored); false: it is neither.
 */
bool range_parse(const char *text, struct range *range) nodiscard;
/* "10.1.2.3" into a buffer of INET_ADDRSTRLEN bytes; returns it. */
char *range_address(uint32_t address, char *text);

void ranges_add(struct ranges *ranges, struct range range);
void ranges_remove(struct ranges *ranges, struct range range);
bool ranges_has(const struct ranges *ranges, uint32_t address);
/* Each address of them, for sets that are small. Caller owns. */
uint32_t *ranges_all(const struct ranges *ranges, size_t *count) nodiscard;
/* As an Incus ACL takes them: addresses and "FIRST-LAST", with commas between; "" for none. Caller owns. */
char *ranges_text(const struct ranges *ranges) nodiscard;

/*
 * What restricted sessions may not reach: the ranges that are not of the public internet (RFC 6890: this
 * network, private, carrier-grade, loopback, link-local with the clouds' metadata, protocol assignments,
 * benchmarking), multicast and what is reserved. The documentation's networks (RFC 5737) are in none of
 * them: nobody has those addresses.
 */
extern const struct range ranges_private[];
extern const size_t ranges_private_count;
/* All other addresses. */
void ranges_add_public(struct ranges *ranges);
bool range_is_private(uint32_t address);
