/*
 * Locks of this machine that end with the process that holds them, however that ends: a name in the kernel
 * (a unix socket in the abstract namespace, unix(7)), seen by every process of the same network namespace.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>

struct lock;
/* NULL with errno (EADDRINUSE: somebody has it). */
struct lock *lock_take(const char *name) nodiscard;
/* NULL is allowed. */
void lock_release(struct lock *lock);
/* A child that keeps this open holds it, too. */
int lock_descriptor(const struct lock *lock);
/* Whether somebody holds it; in doubt somebody does. */
bool lock_is_held(const char *name);

/* A name for something that is called by a longer text: "KIND-" and its SHA-256. Caller owns. */
char *lock_name(const char *kind, const char *text) nodiscard;
