/* Whether an image has the user that the settings name: looked up in a container of it that runs. */
#pragma once

#include "incus/client.h"
#include "launch/plan.h"
#include "launch/watcher.h"

/*
 * Reads the container's /etc/passwd, and gives a notice if nobody there has the code uid, if the code user
 * has another, or if the uid's user is called otherwise: what runs has its rights by number all the same,
 * but no name, or no home. A file that cannot be read is no fault.
 */
void fit_check(struct incus *client, const struct plan *plan, const struct launch_watcher *watcher);
