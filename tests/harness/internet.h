/*
 * A network namespace that plays the world: what answers there is an internet host, a private one, a
 * cloud's metadata service and a name server. Addresses of it alone are contacted. One at a time on a
 * machine: who comes second waits.
 */
#pragma once

#include "tests/harness/harness.h"

#define WORLD_PUBLIC   "203.0.113.2" /* TEST-NET-3, RFC 5737 */
#define WORLD_SECOND   "203.0.113.3"
#define WORLD_PRIVATE  "10.250.0.2"
#define WORLD_METADATA "169.254.169.254"
#define WORLD_OWN      "203.0.113.1" /* this machine's own, on the way there */
#define WORLD_PORT     8077u         /* this machine listens there, on all of its addresses */

/* Opens it: ports 80, 443 and 8080 answer on each of its addresses. Root. */
void internet_open(void);
/* Takes all of it away. */
void internet_close(void);

/* A resolv.conf that names its name server. Lent. */
const char *internet_resolver(void);
/*
 * What its name server says from now on: lines "NAME SECONDS ADDRESS…"; other names do not exist.
 */
void internet_names(const char *lines);
