/* The plan of a launch, asked for while its form is open. */
#pragma once

#include "ui/view/host.h"

struct dry_run;
/* The plan as --dry-run prints it; NULL with an error. The run is over then. */
typedef void dry_run_fn(void *data, char *take_plan, struct error *err);

/* In a task of its own. */
struct dry_run *dry_run_start(struct host *host, struct launch_request *take_request,
                              struct settings *take_settings, dry_run_fn *done, void *data) nodiscard;
/* `done` will not be called; NULL is allowed. */
void dry_run_leave(struct dry_run *run);
