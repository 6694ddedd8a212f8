/* Whether an image has the user that the settings name: looked up in a container of it that runs. */
#pragma once

#include "incus/client.h"
#include "launch/plan.h"
#include "launch/watcher.h"

/*
 * Reads the container's /etc/passwd. A user of the code uid whose name is another, or none of that uid at
 * all, is a notice: what runs has its rights by number. The code user under another uid is an error of
 * class ERROR_FAILED: what it owns in the image would not be its own. A file that cannot be read is no
 * fault.
 */
bool fit_check(struct incus *client, const struct plan *plan, const struct launch_watcher *watcher,
               struct error *err) nodiscard;
