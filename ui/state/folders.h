/* Completion of a path of the host that is being typed: directories alone. No curses. */
#pragma once

#include "base/str.h"

/*
 * `text` as far as it is the same for all directories that it may mean, with a slash behind it where it is
 * one; NULL if there is none. `found` gets their names, at most twelve. Caller owns.
 */
char *folders_complete(const char *text, struct strings *found) nodiscard;
