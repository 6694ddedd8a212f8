/*
 * The plan: everything that a launch will ask the daemon for, as a value. Pure: the same input gives
 * the same plan, to the letter, and nothing is looked up.
 */
#pragma once

#include "base/json.h"
#include "config/settings.h"
#include "guard/guard.h"
#include "idmap/idmap.h"
#include "network/network.h"
#include "network/publish.h"
#include "workspace/mount.h"

/* Borrowed, all of it, for plan_make()'s time. */
struct plan_input {
    const char *name;      /* of the instance */
    const char *launch_id; /* tells this launch's instance from any other of the same name */
    const char *owner;     /* owner_label(); NULL: nobody is to remove it */
    unsigned int slot;
    const char *workspace; /* as the user thinks of it */
    const char *source;    /* what is mounted */
    const char *commit;    /* at which its repository is; NULL or "": none */
    const struct settings *settings;
    bool persistent;
    bool shell;               /* not ephemeral in Incus' sense, whatever becomes of it afterwards */
    const char *session_id;   /* of its record; NULL or "": it has none */
    const char *not_isolated; /* why the container shares its id range; NULL: it has one of its own */
    const char *no_shift;     /* why it must not shift again; NULL: nothing speaks against it */
    bool no_nesting, no_interception; /* forbidden by the project: left out */
    struct idmap_facts facts;
    struct idmap_decision decision; /* never a refusal */
    const struct mounts *mounts;
    const struct guard *guard;
    const char *empty; /* baseline_empty() */
    bool apparmor;     /* the host has it, and the project allows its rules */
    const struct network *network;
    const struct publishes *publishes; /* NULL: none */
    const json_t *nics;                /* of the profiles, by name; NULL: none */
    const json_t *root_device;         /* of the profiles; only needed for a pool or disk limits */
    const json_t *environment;         /* object of strings, from -e */
    const struct strings *command;
    const char *language; /* the host's LANG, "" if unset */
    const char *term;     /* the host's TERM, "" without a terminal */
    const char *zone;     /* the host's time zone ("Europe/Berlin"), "" if unknown */
};

struct plan {
    char *name;
    json_t *body; /* of POST /1.0/instances, but for "start" */
    json_t *copy; /* of a copy: config and devices, which it gets before its start (branch.h); NULL: none */
    struct idmap_decision decision;
    struct idmap_ids code;
    bool persistent;
    json_t *environment; /* of the command, complete */
    struct strings command;
    enum network_mode mode;
    json_t *guard;   /* what is protected, and how strongly, for --dry-run */
    char *expected;  /* guard_expected_mounts() */
    char *probe;     /* a mount point that nobody may unmount; "": nothing would be held against root */
    bool no_root;    /* the command cannot become root: no_new_privs */
    json_t *network; /* mode, name, and what is reachable, for --dry-run */
    /* Of a container that was there before: it keeps what it has. */
    bool reused;
    bool was_running;
    bool other_mapping; /* and that is not the one that would be decided now */
    bool other_network; /* the same of its network, with less than what was asked for in reach */
};
void plan_done(struct plan *plan);

void plan_make(const struct plan_input *input, struct plan *plan);
/*
 * The creating call's body for a container without a workspace: hardened as a session's is, and
 * without a mapping. A new reference.
 */
json_t *plan_bare(const char *name, const char *image, bool ephemeral) nodiscard;
/* What stands before a command that must not become root. */
void plan_add_no_root(struct strings *command);
/* The device of an extra mount. A new reference. */
json_t *plan_disk(const struct mount *mount, bool shift) nodiscard;
/* The environment of a command inside; of the input only what that takes is needed. A new reference. */
json_t *plan_environment(const struct plan_input *input) nodiscard;
/* The image's alias or fingerprint; lent. */
const char *plan_image(const struct plan *plan);
/* Name, image, config, devices, decision, command: what --dry-run prints. A new reference. */
json_t *plan_json(const struct plan *plan) nodiscard;
