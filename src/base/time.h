/* Times as the daemon writes them. */
#pragma once

#include <stdint.h>

/* Seconds of the epoch of an RFC 3339 time; 0 if it is none, or one of the daemon's zero times. */
int64_t time_epoch(const char *text);
