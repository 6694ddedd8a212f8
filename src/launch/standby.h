/*
 * Standby containers: made and started before they are needed, each by the plan of a run of the same
 * settings but for what belongs to one run, and used once. Here: of what kind a run's is, and what a
 * container says of itself as one. Pure.
 *
 * The kind is a digest of all that cannot be changed while a container runs: image, mapping, ids,
 * hardening, network, project's profile, member, version of berth. Limits, mounts, guard, ports and labels
 * come when it is claimed (launch/claim.h).
 */
#pragma once

#include "launch/kind.h"
#include "launch/plan.h"
#include "launch/prepared.h"

/* Older ones are not used: what an image's boot does by the calendar would have gone by them. */
#define STANDBY_AGE_SECONDS 86400

/* Of the run that was prepared, whose plan this is. */
void standby_kind_make(const struct prepared *prepared, const struct plan *plan, struct standby_kind *kind);

/* What of a kind is known without a workspace, and by whom: enough for standby_stale(). */
void standby_kind_outside(const struct settings *settings, int64_t daemon, struct standby_kind *kind);

/* Why a run cannot have one; NULL: it can. `hooked`: a pre_start hook is to be called. Lent. */
const char *standby_unfit(const struct prepared *prepared, bool hooked);

/* LABEL_LAUNCH of one that was taken out of the way, to be removed. */
#define STANDBY_RETIRED "retired"

/* Whether an instance was made as one, and no run has had it. */
bool standby_is_idle(const struct instance *instance);
/* Whether it is just being made, by all that can be seen. */
bool standby_is_starting(const struct instance *instance, int64_t now);
/* Whether it can be claimed for this kind at this time (time(2)). */
bool standby_is_ready(const struct instance *instance, const struct standby_kind *kind, int64_t now);
/*
 * Why one that waits will never be claimed, as seen from this kind; NULL: it may be, by a run of this kind
 * or of another one, or it is another user's. Lent.
 */
const char *standby_stale(const struct instance *instance, const struct standby_kind *kind, int64_t now);

/* How many of the kind there are by their names, claimed ones too. */
size_t standby_count(const struct standby_kind *kind, const struct strings *names);

/*
 * What makes a run's container of it: the plan's config and labels, with what the standby has and the plan
 * has not taken away. For PATCH. A new reference.
 */
json_t *standby_config(const struct instance *instance, const struct plan *plan) nodiscard;
/* And the plan's devices that it has not. A new reference. */
json_t *standby_devices(const struct prepared *prepared, const struct plan *plan) nodiscard;
