/*
 * Watches what is guarded in the workspaces of sessions while the screen is open: the kernel tells when
 * something in those directories changes (inotify(7)), and nothing is done until then.
 */
#pragma once

#include "ui/app.h"

/* After the store has changed. */
void guards_refresh(struct app *app);
/* How many guarded paths of all sessions' workspaces differ. */
size_t guards_changed(const struct app *app);
void guards_stop(struct app *app);
