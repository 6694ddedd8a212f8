/* Stop, start, restart, delete, persist: of the marked sessions, or the one under the cursor. */
#pragma once

#include "ui/view/host.h"

/* Removes the rows that are orphans (launch/owner.h), each once. To be called when the store has changed.
 */
void manage_orphans(struct host *host);
/* In a task of its own: asks where something would be lost, and says what became of it. */
void manage_start(struct host *host, enum action action);
