/*
 * Sessions that last (shell): what makes a container that was opened one that can be left and found
 * again: its mapping verified, its record written, its tmux session started.
 */
#pragma once

#include "launch/plan.h"
#include "launch/prepared.h"
#include "launch/watcher.h"
#include "record/record.h"
#include "session/tmux.h"

/* The request that a saved session stands for: its workspace, its slot, its id, and that it is kept. */
bool shell_resume(struct launch_request *request, struct settings *settings, const struct record *record,
                  struct error *err) nodiscard;

/*
 * Before a container that is there and stopped is used again: a snapshot of it, where [snapshot] before
 * says so.
 */
bool shell_before(struct incus *client, const struct prepared *prepared,
                  const struct launch_watcher *watcher, struct error *err) nodiscard;

/*
 * `with_tmux` false: a plain shell is wanted. On a failure a container that was launched for this is
 * removed, and its record with it; one that was reused stays as it is. An image without the user's home
 * is told to the watcher, and inside->environment changed to live without it.
 */
bool shell_start(const struct inside *inside, struct prepared *prepared, const struct plan *plan,
                 bool with_tmux, const struct launch_watcher *watcher, struct error *err) nodiscard;
