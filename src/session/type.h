/* Typing into a session without attaching to it. */
#pragma once

#include "session/tmux.h"

/* The text as it is, and Enter: into the pane that is shown to whoever attaches. `inside` needs no
 * environment. */
bool type_line(const struct inside *inside, const char *text, struct error *err) nodiscard;
/* Ctrl-C. */
bool type_interrupt(const struct inside *inside, struct error *err) nodiscard;
