/* What lies over the panes: the last layer that was opened has the keys. */
#pragma once

#include "ui/app.h"

void layers_open(struct host *host, const struct view *view, const void *argument);
void layers_close(struct host *host, const void *state);
void layers_close_all(struct app *app);
/* In a task: see host->ask. */
bool layers_ask(struct host *host, const char *question, const struct strings *details);
