/*
 * Instances, typed: what berth reads of them, and what it asks for.
 */
#pragma once

#include "incus/client.h"
#include "incus/operation.h"

struct instance {
    json_t *json; /* the daemon's whole object, which owns everything below */
    const char *name;
    const char *status;     /* "Running", "Stopped", "Frozen", … */
    const char *created_at; /* RFC 3339 */
    const char *type;       /* "container" or "virtual-machine" */
    bool ephemeral;
    const json_t *config; /* expanded: profiles are in it */
    const json_t *devices;
};

void instance_done(struct instance *instance);
/* Reads the daemon's object; false if it is none. Takes a reference of its own. */
bool instance_read(struct instance *instance, json_t *json) nodiscard;
/* A config value of the instance or its profiles, "" if unset; lent. */
const char *instance_config(const struct instance *instance, const char *key);
/* A property of a device, "" if unset; lent. */
const char *instance_device(const struct instance *instance, const char *device, const char *key);
bool instance_running(const struct instance *instance);

/* Names alone: one call of a millisecond even for hundreds. */
bool instance_names(struct incus *client, struct strings *names, struct error *err) nodiscard;
/* Reads the answer to GET /1.0/instances?recursion=0. */
void instance_names_read(const json_t *urls, struct strings *names);
/* Of a cluster the list waits for every member, one instance only for its own: so long they are given. */
#define INSTANCES_PATIENCE_MS 2500
#define INSTANCE_PATIENCE_MS  3000
/*
 * Calls `each` for all whose name matches the regular expression `pattern`, without their states. Where a
 * member of a cluster hangs they are asked for by their names, which every member knows. One that does not
 * answer then has the status "Error", and no config, as the daemon itself says of a member that is offline.
 */
typedef void instance_fn(void *data, const struct instance *instance);
bool instance_each(struct incus *client, const char *pattern, instance_fn *each, void *data,
                   struct error *err) nodiscard;
/* Whether it is one of those: every other has a config, also one whose status is "Error". */
bool instance_unseen(const struct instance *instance);
bool instance_get(struct incus *client, const char *name, struct instance *instance,
                  struct error *err) nodiscard;
/* The same with its ETag, for instance_patch_if(); caller owns that. */
bool instance_get_tagged(struct incus *client, const char *name, struct instance *instance, char **etag,
                         struct error *err) nodiscard;
/* The state object (pid, network, started_at); a new reference. */
bool instance_state(struct incus *client, const char *name, json_t **state, struct error *err) nodiscard;

/*
 * Where to create one: of a cluster on `member` (NULL: the daemon is in none). Without a name the scheduler
 * takes any member, whose directory of the same path would become a workspace. Caller owns.
 */
char *instance_create_path(const char *member) nodiscard;

/* "start", "stop", "restart", …; waits for its end. `force` kills instead of asking politely. */
bool instance_change(struct incus *client, const char *name, const char *action, bool force,
                     long timeout_seconds, struct error *err) nodiscard;
/*
 * The same, not waited for: returns when the daemon has taken it on. *operation, unless NULL, gets the path
 * of what it does then; caller owns.
 */
bool instance_ask(struct incus *client, const char *name, const char *action, bool force, char **operation,
                  struct error *err) nodiscard;
/*
 * If the daemon is just stopping or deleting this instance: waits until it has done so and returns
 * true.
 */
bool instance_await_end(struct incus *client, const char *name);
/* Whether it is just doing so. */
bool instance_is_ending(struct incus *client, const char *name);
bool instance_delete(struct incus *client, const char *name, struct error *err) nodiscard;
/*
 * Kills it if it runs, and deletes it, ephemeral or not. That it is not there (any more) is no error.
 */
bool instance_destroy(struct incus *client, const char *name, struct error *err) nodiscard;
/* The same, and what is not named goes: `body` has config and devices as the instance's own (PUT). */
bool instance_put(struct incus *client, const char *name, const json_t *body, struct error *err) nodiscard;
/* Changes what `body` names ({"config": {…}, "devices": {…}, "ephemeral": …}); the rest stays. */
bool instance_patch(struct incus *client, const char *name, const json_t *body,
                    struct error *err) nodiscard;
/* The same, only while nobody has changed it since it had this ETag; else the error's code is 412. */
bool instance_patch_if(struct incus *client, const char *name, const char *etag, const json_t *body,
                       struct error *err) nodiscard;

/*
 * The lines of an instance's lxc.log that name an error, newest last, without time stamps: the
 * reason behind "forkstart … exit status 1". Caller owns; NULL if there is none to be had.
 */
char *instance_start_reason(struct incus *client, const char *name) nodiscard;
/* The same of a log's text. */
char *instance_log_reason(const char *log) nodiscard;

/* Owner of a path as seen inside: from the daemon's file interface. */
bool instance_owner(struct incus *client, const char *name, const char *path, long *uid, long *gid,
                    struct error *err) nodiscard;
