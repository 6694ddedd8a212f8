/* From a request to everything that its plan needs: read-only, nothing is created here. */
#pragma once

#include "idmap/facts.h"
#include "incus/server.h"
#include "launch/plan.h"
#include "launch/prepared.h"

/* What is known here of another machine, for a workspace that was found with this place; `place` is lent.
 */
struct facts_there prepare_there(const struct incus *client, const struct settings *settings,
                                 const struct place *place, const struct workspace *workspace);
/*
 * The facts of a workspace and the decision for them; `there` NULL: it is this machine's; `server` NULL:
 * the daemon is not known.
 */
bool prepare_decision(const struct settings *settings, const char *source, const struct facts_there *there,
                      const struct mounts *mounts, const struct server *server, struct idmap_facts *facts,
                      struct idmap_decision *decision, struct error *err) nodiscard;

/* The mounts that the flags ask for, and behind them those of the settings. */
bool prepare_mounts(const struct launch_request *request, struct mounts *mounts,
                    struct error *err) nodiscard;

/* Everything up to the plan. A refused decision, a missing image, a taken slot are errors here. */
bool prepare_launch(struct incus *client, const struct launch_request *request, struct prepared *prepared,
                    struct error *err) nodiscard;
/*
 * The same for ids that a container there has seen, as those of the workspace's owner; an error says why
 * they are no good.
 */
bool prepare_with_ids(struct prepared *prepared, struct idmap_ids ids, struct error *err) nodiscard;
/* Another decision, with shift ruled out: it failed, or failed once. Refused where it is that. */
bool prepare_without_shift(struct prepared *prepared, struct error *err) nodiscard;
/* The plan of the first attempt. */
void prepare_plan(const struct prepared *prepared, struct plan *plan);

/* The environment of a command in a session's container, without a launch. A new reference. */
json_t *prepare_environment(const struct launch_request *request) nodiscard;
