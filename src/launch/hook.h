/* The user's own program between the creation of an instance and its first start. */
#pragma once

#include "base/loop.h"

/*
 * Runs `program` (an absolute path) with the instance's name as its only argument, no shell between,
 * to its end; the loop goes on meanwhile. Any exit status but 0 is an error.
 */
bool hook_run(struct loop *loop, const char *program, const char *name, struct error *err) nodiscard;
