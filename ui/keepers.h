/* Keeps the allowlists of running sessions true while the screen is open. */
#pragma once

#include "ui/app.h"

/* After the store has changed: a keeper for each allowlist in use, none for the others. */
void keepers_refresh(struct app *app);
void keepers_stop(struct app *app);
