/*
 * What a program says to whoever looks at its terminal, found in what it writes: a bell, a notification
 * (OSC 9, 99 and 777), the end of a command (OSC 133;D). The rest is passed over; contents are
 * capture-pane's. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html,
 * https://sw.kovidgoyal.net/kitty/desktop-notifications/,
 * https://gitlab.freedesktop.org/Per_Bothner/specifications/blob/master/proposals/semantic-prompts.md
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct scan_handler {
    void (*bell)(void *data);
    void (*notification)(void *data, const char *text); /* not cleaned */
    void (*prompt)(void *data, int status);             /* -1: not said */
};

#define SCAN_TEXT_MAX 1000

/* Zeroed at the beginning. */
struct scan {
    enum { SCAN_TEXT, SCAN_ESCAPE, SCAN_OSC, SCAN_OSC_ESCAPE, SCAN_STRING, SCAN_STRING_ESCAPE } at;
    bool wrapped; /* in a sequence that tmux would pass on (its README, "allow-passthrough") */
    bool wrapped_escape;
    size_t length; /* of the text so far; what is longer is cut */
    char text[SCAN_TEXT_MAX + 1];
};

void scan_feed(struct scan *scan, const char *bytes, size_t size, const struct scan_handler *handler,
               void *data);
