/*
 * A view: one file, one value of functions, and a state that nobody else sees. It fills a pane (the list,
 * the tabs beside it), or lies over the panes as a layer and has the keys. What it wants of the rest of the
 * screen it asks of the host that it is handed.
 */
#pragma once

#include "ui/terminal/draw.h"
#include "ui/terminal/terminal.h"

struct host;

struct view {
    const char *title;  /* of a tab */
    const char *footer; /* of a layer: its keys in words; NULL: it draws the last row itself */

    /* Makes the state. `argument` is what the view was opened with: its own file says what that is. */
    void *(*enter)(struct host *host, const void *argument);
    /* Frees it. */
    void (*leave)(void *state);
    void (*draw)(void *state, struct area area);
    /* A key, or a click within the view's area. A pane that takes none has NULL. */
    void (*key)(void *state, const struct key *key);

    /* Of panes; each may be NULL. */
    void (*scroll)(void *state, int lines); /* above 0: down */
    /* Another row is under the cursor: what was gathered of the one before is dropped. */
    void (*forget)(void *state);
    /* In a task: asks the daemon for what is shown of the row under the cursor. */
    void (*fetch)(void *state);
    /* Whether it is to be asked again and again while it is in view; NULL: no. */
    bool (*live)(const void *state);
};
