/*
 * Where a session is to be: of a cluster the member, and whose directories its workspace and mounts are. A
 * directory is one machine's: another one has what it likes at the same path.
 */
#pragma once

#include "incus/server.h"
#include "launch/request.h"
#include "workspace/workspace.h"

struct place {
    char *member; /* as target of everything that is asked of it; NULL: the daemon's own, or it is in no
                     cluster */
    bool other;   /* another machine than this: its kernel and its subordinate ids cannot be read here */
    char *name;   /* of that one, for people: "nodeb", "lab"; NULL: this one */
    char *why;    /* how `auto` or a group chose; NULL: it did not */
};
void place_done(struct place *place);

/*
 * Finds both, `workspace` as workspace_find() does, or as it is said to be elsewhere. The daemon is asked
 * only where the request or the settings name a machine, or the daemon is a remote. Refused: another
 * machine than the one whose directory it is.
 */
bool place_find(struct incus *client, const struct launch_request *request, struct workspace *workspace,
                struct place *place, struct error *err) nodiscard;

/* {"machine", "member", "why"}, null where there is none. A new reference. */
json_t *place_json(const struct place *place) nodiscard;

/* What the settings say of that machine; NULL: nothing. Lent. */
const struct machine *place_machine(const struct incus *client, const struct settings *settings,
                                    const struct place *place);
