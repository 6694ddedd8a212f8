/* Times as the daemon writes them, and the clock. */
#pragma once

#include <stdint.h>

/* Seconds of the epoch of an RFC 3339 time; 0 if it is none, or one of the daemon's zero times. */
int64_t time_epoch(const char *text);

/* Milliseconds of the epoch: for times that are shown or come from elsewhere (loop_now() for the rest). */
int64_t time_now_ms(void);
