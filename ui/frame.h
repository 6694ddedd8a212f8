/* The frame: header, panes by the size of the terminal, footer, and what lies over them. */
#pragma once

#include "ui/app.h"

void frame_draw(struct app *app);
