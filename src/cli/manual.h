#pragma once

#include "cli/command.h"

/* The whole of berth(1). */
void manual_page(const struct cli_screen *screen, struct buffer *out);
