/* Keys and clicks: to what lies over the panes, or to the panes. */
#pragma once

#include "ui/app.h"

/* The terminal has something to read: a watch_fn. */
void input_ready(void *data, short events);
