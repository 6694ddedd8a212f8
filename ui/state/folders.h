/* Directories of the host: completion of a path that is being typed, and those that were worked in. No
 * curses. */
#pragma once

#include "base/str.h"

/*
 * `text` as far as it is the same for all directories that it may mean, with a slash behind it where it is
 * one; NULL if there is none. `found` gets their names, at most twelve. Caller owns.
 */
char *folders_complete(const char *text, struct strings *found) nodiscard;

/* Workspaces of saved sessions, the newest first, each once. */
void folders_recent(struct strings *paths);
