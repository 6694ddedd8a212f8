/* Going into a session with this process's own terminal. */
#pragma once

#include "session/stream.h"
#include "session/tmux.h"

/*
 * Joins the terminal (descriptors 0 and 1) with the tmux session, or with a shell of one's own; returns
 * the status that it ended with, -1 with an error. While it lasts *stream is what the loop's signals are
 * to be given to (stream_signal()); NULL before and after.
 */
int attach_tmux(const struct inside *inside, struct stream **stream, struct error *err);
int attach_shell(const struct inside *inside, struct stream **stream, struct error *err);
