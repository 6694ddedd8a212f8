/*
 * What a session's terminal shows, asked for again when it has become another, but not too often. Who has
 * the stream asks (watch.c); here is when.
 */
#pragma once

#include "base/loop.h"

/* What the pane that is shown to whoever attaches shows: lines of text with their looks (SGR). */
struct watch_contents {
    char *text; /* NULL: nothing has come */
    int rows, columns;
    int cursor_row, cursor_column; /* -1: it is hidden */
    int64_t number;                /* another with each that comes */
};

struct contents {
    struct loop *loop;
    void (*ask)(void *data); /* for the size and the text; both are answered, in this order */
    void *data;
    struct watch_contents shown, coming; /* zero these and the rest */
    int64_t asked_at;
    struct timer *due;
    bool wanted;
    bool stale;  /* they have become another since they were asked for */
    bool asking; /* the answer is on its way */
    bool held;   /* nothing is asked for by itself: contents_ask() does */
};
void contents_done(struct contents *contents);

/* Whether somebody looks. */
void contents_want(struct contents *contents, bool wanted);
/* They have become another: asked for now, or as soon as that is not too often. */
void contents_spoil(struct contents *contents);
/* Asks now, if somebody looks and no answer is on its way. */
void contents_ask(struct contents *contents);

/* The format of display-message whose answer is the size; and that answer, "" for an error. */
#define CONTENTS_SIZE "#{pane_height} #{pane_width} #{cursor_y} #{cursor_x} #{cursor_flag}"
void contents_take_size(struct contents *contents, const char *text);
/* The text; NULL for an error. Whether there are new contents. */
bool contents_take(struct contents *contents, const char *text);
