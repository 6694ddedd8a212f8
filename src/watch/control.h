/*
 * tmux' control mode (tmux(1), "CONTROL MODE"): the lines of its stream, taken apart. Nothing is kept of
 * them here but what is not whole yet. All of it comes from inside a container, and may say anything.
 */
#pragma once

#include "base/str.h"

struct control_handler {
    /* A pane has written this. */
    void (*output)(void *data, const char *pane, const char *bytes, size_t size);
    /* A value that was subscribed to under `name`. */
    void (*value)(void *data, const char *pane, const char *name, const char *value);
    /* A command of ours was carried out, or not: its output, a newline behind each line. In their order. */
    void (*reply)(void *data, bool good, const char *text, size_t size);
    /* Windows or panes are others, or of another size. */
    void (*changed)(void *data);
    /* What a pane writes does not come any more: we were too slow. */
    void (*paused)(void *data, const char *pane);
    /* The client was told to leave: the session has ended, or somebody detached it. */
    void (*left)(void *data, const char *reason);
};

struct control {
    const struct control_handler *handler; /* borrowed; zero the rest */
    void *data;
    struct buffer line;  /* begun */
    struct buffer reply; /* of the command that is being answered */
    char *guard;         /* what ends it, behind "%end"; NULL: none is */
    bool ours;           /* it is one of ours */
};
void control_done(struct control *control);

/* Bytes of the stream. False: a line or an answer has no end; what comes is no control mode. */
bool control_feed(struct control *control, const void *bytes, size_t size) nodiscard;
