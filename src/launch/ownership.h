/* Whose the entries of a workspace are inside, under a decision; counted by workspace/owners.h. */
#pragma once

#include "base/json.h"
#include "idmap/idmap.h"
#include "workspace/owners.h"

/* How many of them are not code's inside. */
size_t ownership_strangers(const struct owners *owners, const struct idmap_facts *facts,
                           const struct idmap_decision *decision);
/*
 * A line for each owner that is not code's inside, with an example; the first says how many entries were
 * looked at, and it is the only one if all are code's.
 */
void ownership_lines(const struct owners *owners, const struct idmap_facts *facts,
                     const struct idmap_decision *decision, struct strings *lines);
/* All of it; a new reference. */
json_t *ownership_json(const struct owners *owners, const struct idmap_facts *facts,
                       const struct idmap_decision *decision) nodiscard;

/*
 * The command that gives to the host's user what is not code's inside: sudo and find(1), an argument to an
 * item. It does not leave the filesystem, and changes links themselves.
 */
void ownership_remedy(const char *workspace, const struct idmap_facts *facts, struct strings *command);
