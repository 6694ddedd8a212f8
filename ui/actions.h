/* What the keys of the table do. */
#pragma once

#include "ui/app.h"

void actions_do(struct host *host, enum action action);
void actions_do_on(struct host *host, enum action action, const char *name);
/* Opens the command line with this text in it. */
void actions_command(struct host *host, const char *text);
void actions_show_tab(struct app *app, int tab);
