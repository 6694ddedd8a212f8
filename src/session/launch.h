/*
 * The one launch path: request → facts → decision → plan → one instance. The commands, the form on
 * the screen and the tests all come through here.
 */
#pragma once

#include "incus/instance.h"
#include "incus/server.h"
#include "session/plan.h"
#include "session/workspace.h"

/* What the user asked for. */
struct session_request {
    const struct settings *settings; /* borrowed */
    char *workspace;                 /* as given; NULL is the working directory */
    unsigned int slot;               /* 0: the next free one */
    struct mounts mounts;
    json_t *environment; /* object of strings, from -e; may be NULL */
    struct strings command;
    bool terminal; /* the command will have a pty */
    /* What lasts beyond its command (shell): */
    bool lasting;
    bool plain;       /* a shell without tmux: when that ends nothing tells but itself */
    bool resume;      /* a container that is there may be taken though it is ephemeral */
    char *session_id; /* of its record; NULL: none */
};
void session_request_done(struct session_request *request);
/* Adds one -e: "K=V", or "K" for the host's value. */
bool session_request_env(struct session_request *request, const char *text, struct error *err) nodiscard;

/* What was found out for a request, before anything is created. */
struct prepared {
    const struct session_request *request; /* borrowed */
    struct workspace workspace;
    const char *prefix;
    struct idmap_facts facts;
    struct idmap_decision decision;
    struct strings taken; /* names of all instances there are */
    unsigned int slot;
    json_t *root_device;      /* of the default profile; NULL if it has none */
    char *shifting_device;    /* of the default profile: one with shift=true; NULL if there is none */
    const char *not_isolated; /* why isolation was given up; NULL while it was not */
    /* The container that is there for this workspace and slot, to be reused; json NULL: none. */
    struct instance existing;
};
void prepared_done(struct prepared *prepared);

/* Who is told, and asked, on the way. Any function may be NULL. */
struct launch_watcher {
    /* A fallback was taken, or something else that the user has to know. */
    void (*notice)(void *data, const char *words);
    /* The daemon's progress, in its own words. */
    void (*progress)(void *data, const char *words);
    /*
     * Between creation and first start, for what cannot be in the creating call; called again when an
     * instance had to be made a second time. False with an error undoes the launch.
     */
    bool (*pre_start)(void *data, struct incus *client, const char *name, struct error *err);
    /* A question that is answered with yes or no; without this function: no. */
    bool (*ask)(void *data, const char *question);
    void *data;
};

/* The facts of a workspace and the decision for them; `server` NULL: the daemon is not known. */
bool session_decide(const struct settings *settings, const char *source, const struct mounts *mounts,
                    const struct server *server, struct idmap_facts *facts, struct idmap_decision *decision,
                    struct error *err) nodiscard;

/* Everything up to the plan. A refused decision, a missing image, a taken slot are errors here. */
bool session_prepare(struct incus *client, const struct session_request *request, struct prepared *prepared,
                     struct error *err) nodiscard;
/* The plan of the first attempt. */
void session_plan(const struct prepared *prepared, struct plan *plan);

/* The environment of a command in a session's container, without a launch. A new reference. */
json_t *session_environment(const struct session_request *request) nodiscard;

/* Reuses prepared->existing where there is one (see reuse.h), launches otherwise. */
bool session_open(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                  struct plan *plan, struct error *err) nodiscard;

/*
 * Creates and starts the instance; `plan` then is what it was made from, its name final. On any
 * failure, and on a signal, what was created is undone. The mapping is not verified yet.
 */
bool session_launch(struct incus *client, struct prepared *prepared, const struct launch_watcher *watcher,
                    struct plan *plan, struct error *err) nodiscard;

/*
 * Removes the instance that this plan made, and no other of the same name. Waits out a daemon that is
 * just coming back. An error says what is left.
 */
bool session_undo(struct incus *client, const struct plan *plan, struct error *err) nodiscard;
