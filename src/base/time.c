#include "base/time.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

int64_t time_epoch(const char *text) {
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || tm.tm_year < 71) /* the daemon's zero times are the years 1 and 1970 */
        return 0;
    time_t then = timegm(&tm);
    rest += *rest == '.' ? 1 + strspn(rest + 1, "0123456789") : 0;
    int hours = 0, minutes = 0;
    if ((*rest == '+' || *rest == '-') && sscanf(rest + 1, "%2d:%2d", &hours, &minutes) == 2)
        then -= (*rest == '-' ? -1 : 1) * (hours * 3600L + minutes * 60L);
    return then;
}

int64_t time_now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
