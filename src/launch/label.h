/*
 * Labels: what berth writes into its instances' config (user.berth.*), and what an instance says of itself
 * as a session, one of coi's too, which has none of them.
 */
#pragma once

#include "config/settings.h"
#include "idmap/idmap.h"
#include "incus/instance.h"
#include "record/record.h"
#include "workspace/workspace.h"

#define WORKSPACE_DEVICE   "workspace" /* coi's name for it */
#define LABEL_VERSION      "user.berth.version"
#define LABEL_WORKSPACE    "user.berth.workspace"
#define LABEL_SLOT         "user.berth.slot"
#define LABEL_IMAGE        "user.berth.image"
#define LABEL_HOST         "user.berth.host"    /* "1001:1001": the ids that the mapping was made for */
#define LABEL_CODE         "user.berth.code"    /* "1000:1000": who works in it */
#define LABEL_RECORD       "user.berth.session" /* the id of its record */
#define LABEL_PERSISTENT   "user.berth.persistent"
#define LABEL_LAUNCH       "user.berth.launch" /* tells one launch's instance from any other of its name */
#define LABEL_OWNER        "user.berth.owner" /* owner.h; of a run's container, or a session's in its launch */
#define LABEL_REASON       "user.berth.reason"
#define LABEL_NETWORK      "user.berth.network" /* its mode */
#define LABEL_ALLOW        "user.berth.allow"   /* what its rules list */
#define LABEL_ROOT         "user.berth.root"    /* "deny": nothing that is started may become root */
#define LABEL_COMMIT       "user.berth.commit"  /* at which the workspace's repository was */
#define LABEL_STANDBY      "user.berth.standby" /* of what kind it was made: launch/standby.h */
#define LABEL_SETTINGS     "user.berth.standby.settings" /* whose they were, and what they said */
#define LABEL_DAEMON       "user.berth.standby.daemon"   /* the process that made it */
#define LABEL_NOT_ISOLATED "user.berth.not-isolated"
#define LABEL_NO_SHIFT     "user.berth.no-shift" /* a start with shift failed: why; it is not tried again */

/* The ids of who works in it, as it was made; uid 0 if it does not say. */
struct idmap_ids label_recorded_code(const struct instance *instance);
/* Of a label: "1001:1001"; uid 0 for anything else. */
struct idmap_ids label_ids(const char *label);
/* The ids that its mapping was made for; uid 0 if it does not say. */
struct idmap_ids label_host(const struct instance *instance);
/* Those that were recorded; the settings' where none were. */
struct idmap_ids label_code_or(struct idmap_ids recorded, const struct settings *settings);
struct idmap_ids label_code(const struct instance *instance, const struct settings *settings);

/* Whether it is this workspace's. */
bool label_is_of(const struct instance *instance, const struct workspace *workspace);

/*
 * Whether it is kept when its session ends: its own label says so; of a container of coi's, which is never
 * ephemeral in Incus' sense, its record. One with neither is kept. `records` is read when it is needed and
 * empty.
 */
bool label_is_persistent(const struct instance *instance, struct records *records);
