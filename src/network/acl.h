/*
 * The access list that rules become. Pure.
 *
 * Incus applies the rules of an access list in the order drop, reject, allow
 * (https://linuxcontainers.org/incus/docs/main/howto/network_acls/), so that an allow makes no hole into a
 * reject: ours are allows alone, and what none of them names is rejected by the network's default.
 */
#pragma once

#include "network/answers.h"
#include "network/rules.h"

/* Takes private addresses out that no entry covers; an error where none is left of a name. */
bool acl_check_answers(const struct rules *rules, struct answers *answers, struct error *err) nodiscard;

/*
 * The access list's body, {"egress", "ingress"}: `own` are this machine's addresses, which are not of the
 * internet though they may look like it; `gateway` is the bridge's, from where the host reaches its
 * sessions. A new reference.
 */
json_t *acl_make(const struct rules *rules, const struct answers *answers, const struct ranges *own,
                 uint32_t gateway) nodiscard;
