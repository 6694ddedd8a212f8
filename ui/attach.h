/* Into a session, and back from it. */
#pragma once

#include "ui/app.h"

/* In a task: see host->attach. */
void attach_inside(struct host *host, const struct inside *inside);
/* Into the one under the cursor, in a task; one that is stopped is started. */
void attach_current(struct host *host);
