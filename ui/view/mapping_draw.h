/* The picture of a mapping, which several views show: from the host's ids to the container's. */
#pragma once

#include "ui/view/host.h"

/* `copy_key` is the one that copies the remedies. Returns the row behind the picture. */
int mapping_draw(const struct mapping *mapping, const char *copy_key, struct area area);
/* Copies the remedies, or `else_text` (may be NULL) where there are none. */
void mapping_copy(struct host *host, const struct mapping *mapping, const char *else_text);
