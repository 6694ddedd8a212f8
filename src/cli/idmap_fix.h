/* What `berth idmap --fix` and --fix-owners print, and do with --apply. */
#pragma once

#include "cli/command.h"
#include "idmap/idmap.h"

/*
 * The commands that would make a session of this workspace possible: prints them, or runs them, which adds
 * and never rewrites. `away` is why the daemon could not be asked, empty if it could. *changed: something
 * was run, and the facts are others now.
 */
bool idmap_fix(struct cli *cli, const struct idmap_facts *facts, const struct idmap_decision *decision,
               const struct error *away, bool *changed, struct error *err) nodiscard;
/* The command that changes the owners of what is not code's inside; the same. */
bool idmap_fix_owners(struct cli *cli, const char *source, const struct idmap_facts *facts, bool needed,
                      bool *changed, struct error *err) nodiscard;
