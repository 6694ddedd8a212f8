/* The directory that a session works on, and what may be one. */
#pragma once

#include "base/error.h"

#define WORKSPACE_PATH "/workspace" /* where it is mounted inside */

struct workspace {
    char *path; /* absolute, as the user thinks of it: names are made from this; elsewhere "MEMBER:PATH" */
    char *source; /* the same with symbolic links resolved: what is mounted */
    /* It is a directory of another machine: nothing of it can be looked at from here. */
    bool elsewhere;
};
void workspace_done(struct workspace *workspace);

/*
 * Finds the workspace that `given` names ("" and "." are the working directory). Refused: a path that
 * is or leads to "/", the system's own directories or the daemon's.
 */
bool workspace_find(const char *given, struct workspace *workspace, struct error *err) nodiscard;

/*
 * "nodeb:/home/dev/app", "lab:nodeb:/home/dev/app": a directory that is said to be another machine's. True
 * with the machines' names, which the caller owns, and the path, which lies in `given`; *second is NULL
 * where one is named. A directory of this machine of such a name is "./nodeb:/…".
 */
bool workspace_is_qualified(const char *given, char **first, char **second, const char **path) nodiscard;
/*
 * The directory of another machine: absolute, and not looked at. `member` NULL: it is the one that the
 * daemon calls its own, so that its names are those that it has there.
 */
bool workspace_elsewhere(const char *member, const char *path, struct workspace *workspace,
                         struct error *err) nodiscard;
/* Whether it lies below one of the prefixes of a list with commas between ([incus] shared). */
bool workspace_is_shared(const struct workspace *workspace, const char *prefixes);

/*
 * Whether a path of the host may be mounted into a container; `what` ("workspace", "--mount") begins
 * the error.
 */
bool workspace_allowed(const char *path, const char *what, struct error *err) nodiscard;
