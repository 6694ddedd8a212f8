/* What the user asked for: a session or a command in one, not yet looked at. */
#pragma once

#include "base/json.h"
#include "config/settings.h"
#include "workspace/mount.h"

struct launch_request {
    const struct settings *settings; /* borrowed */
    char *workspace;                 /* as given; NULL is the working directory */
    unsigned int slot;               /* 0: the next free one */
    struct mounts mounts;
    json_t *environment; /* object of strings, from -e; may be NULL */
    struct strings command;
    bool cold;     /* no standby container is used */
    bool accept;   /* what changed of what is guarded is accepted */
    bool terminal; /* the command will have a pty */
    /* Of a shell session, which goes on when its terminal is left: */
    bool shell;
    bool plain;       /* a shell without tmux: when that ends nothing tells but itself */
    bool saved;       /* session_id is a saved session's: another one's container is not for it */
    bool resume;      /* a container that is there may be used though it is ephemeral */
    char *session_id; /* of its record; NULL: none */
    /* Of one that begins as a copy: of which session, and of which snapshot of it (NULL: of what it is). */
    char *branch, *branch_snapshot;
};
void request_done(struct launch_request *request);
/* Adds one -e: "K=V", or "K" for the host's value. */
bool request_add_env(struct launch_request *request, const char *text, struct error *err) nodiscard;
