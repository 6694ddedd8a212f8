/* What the sessions are at, as long as the screen is there: a stream for each that runs
 * (session/watches.h). */
#pragma once

#include "ui/app.h"

/* Of this daemon's sessions. */
void live_start(struct app *app, struct daemon *daemon);
void live_stop(struct app *app);
/* Its store is another: streams begin and end. */
void live_refresh(struct app *app, struct daemon *daemon);
/* A command was begun in an instance. */
void live_executed(struct daemon *daemon, const char *name);
/* Around the drawing of a frame: what is drawn of terminals in between is what is in view. */
void live_begin_frame(struct app *app);
void live_end_frame(struct app *app);
/* Somebody has looked at the session of this key. */
void live_looked(struct app *app, const char *key);
