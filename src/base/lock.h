/*
 * Locks of this machine that end with the process that holds them, however that ends: a name in the kernel
 * (a unix socket in the abstract namespace, unix(7)), seen by every process of the same network namespace.
 */
#pragma once

#include <stdbool.h>

/* A descriptor that holds the name until it is closed; -1 with errno (EADDRINUSE: somebody has it). */
int lock_take(const char *name);
/* Whether somebody holds it; in doubt somebody does. */
bool lock_is_held(const char *name);
