/* Finding what is to be guarded, by looking, without changing anything. */
#pragma once

#include "guard/guard.h"

/*
 * Finds everything. Refused, with the path: a symbolic link, or what is neither file nor directory, where
 * the host would read one.
 */
bool guard_find(const struct guard_input *input, struct guard *guard, struct error *err) nodiscard;

/* The paths of a list that the settings have, with commas between: below the workspace, and clean. */
bool guard_read_paths(const struct settings *settings, enum setting which, struct strings *paths,
                      struct error *err) nodiscard;
/* The names that are guarded at the top of a workspace where no setting adds any; NULL behind the last. */
extern const char *const guard_names[];
