#pragma once

#include "base/str.h"

/* The whole of berth(1). */
void manual_page(struct buffer *out);
