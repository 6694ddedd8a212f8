#include "launch/watcher.h"

void watcher_notice(const struct launch_watcher *watcher, const char *format, ...) {
    if (!watcher->notice)
        return;
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *words = str_vprintf(format, arguments);
    va_end(arguments);
    watcher->notice(watcher->data, words);
}
