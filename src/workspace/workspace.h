/* The directory that a session works on, and what may be one. */
#pragma once

#include "base/error.h"

#define WORKSPACE_PATH "/workspace" /* where it is mounted inside */

struct workspace {
    char *path;   /* absolute, as the user thinks of it: names are made from this */
    char *source; /* the same with symbolic links resolved: what is mounted */
};
void workspace_done(struct workspace *workspace);

/*
 * Finds the workspace that `given` names ("" and "." are the working directory). Refused: a path that
 * is or leads to "/", the system's own directories or the daemon's.
 */
bool workspace_find(const char *given, struct workspace *workspace, struct error *err) nodiscard;

/*
 * Whether a path of the host may be mounted into a container; `what` ("workspace", "--mount") begins
 * the error.
 */
bool workspace_allowed(const char *path, const char *what, struct error *err) nodiscard;
