/* What a session reaches, in words, which several views show. */
#pragma once

#include "network/rules.h"
#include "ui/terminal/draw.h"

/* From `row` on, after a blank one where there is room; `err`: why the rules are none. Returns the row
 * behind. */
int network_draw(const struct rules *rules, const struct error *err, struct area area, int row);
