/*
 * Git's configuration files (git-config(1), "Syntax"), read without git: what one says must not run
 * anything. Pure.
 */
#pragma once

#include "base/error.h"

/*
 * Called with each variable: "core", NULL, "hookspath", "/x"; section and name in lower case, the
 * subsection as it stands; a variable without a value has "true". False ends the reading.
 */
typedef void gitconfig_fn(void *data, const char *section, const char *subsection, const char *name,
                          const char *value);
/* Reads what can be read; false: something cannot be, and git would refuse the file. */
bool gitconfig_read(const char *text, size_t size, gitconfig_fn *each, void *data);
