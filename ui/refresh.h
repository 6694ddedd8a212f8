/* The row under the cursor: what is asked of the daemon for it, and how often. */
#pragma once

#include "ui/app.h"

/* The row under the cursor, or what is known of it, may be another now. */
void refresh_row(struct app *app);
/* Another tab was chosen: what it shows is asked for. */
void refresh_tab(struct app *app);
/* What is live is asked for every two seconds, as long as something is. */
void refresh_arm(struct app *app);
/* Drops what was gathered of the row that was shown. */
void refresh_forget(struct app *app);
