/* Subnets and addresses of this machine. */
#pragma once

#include "network/range.h"

/* Addresses that interfaces of this machine have. */
bool subnet_own_addresses(struct ranges *own, struct error *err) nodiscard;

/*
 * The addresses that any route of any table here leads to, but for default routes, and those of the
 * interfaces (rtnetlink(7)).
 */
bool subnet_used(struct ranges *used, struct error *err) nodiscard;

/* Whether an interface other than this one has an address in a subnet of 256. */
bool subnet_is_shared(uint32_t network, const char *interface);

/*
 * A private subnet of 256 addresses of which nothing is used: the first from a place that `seed` gives, so
 * that two that look at one moment seldom take the same. `used` grows by it. An error if there is none.
 */
bool subnet_find(struct ranges *used, uint32_t seed, uint32_t *network, struct error *err) nodiscard;
