/*
 * One table of keys: what each does is dispatched, shown in the footer, listed by help and written into
 * the manual from here.
 */
#pragma once

#include "ui/terminal/terminal.h"

enum action {
    ACTION_NONE,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_TOP,
    ACTION_BOTTOM,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_HALF_UP,
    ACTION_HALF_DOWN,
    ACTION_ATTACH,
    ACTION_NEW,
    ACTION_RUN,
    ACTION_STOP,
    ACTION_START,
    ACTION_RESTART,
    ACTION_DELETE,
    ACTION_PERSIST,
    ACTION_NETWORK,
    ACTION_MARK,
    ACTION_FILTER,
    ACTION_CLEAR,
    ACTION_SORT,
    ACTION_REVERSE,
    ACTION_FOREIGN,
    ACTION_NEXT_TAB,
    ACTION_PREVIOUS_TAB,
    ACTION_TAB_MAPPING,
    ACTION_TAB_LIVE,
    ACTION_TAB_OVERVIEW,
    ACTION_TAB_LOG,
    ACTION_TAB_PROCESSES,
    ACTION_TAB_CHANGES,
    ACTION_TAB_SNAPSHOTS,
    ACTION_PANE_UP,
    ACTION_PANE_DOWN,
    ACTION_IDMAP,
    ACTION_GUARD,
    ACTION_SNAPSHOTS,
    ACTION_HEALTH,
    ACTION_IMAGES,
    ACTION_BUILD,
    ACTION_ATTENTION,
    ACTION_ZOOM,
    ACTION_WALL,
    ACTION_TALK,
    ACTION_MUTE,
    ACTION_MEMBERS,
    ACTION_COPY,
    ACTION_COMMAND,
    ACTION_HELP,
    ACTION_REDRAW,
    ACTION_SUSPEND,
    ACTION_QUIT,
};

struct key_row {
    enum action action;
    int codes[3];       /* 0: no more */
    const char *label;  /* as it is written: "enter" */
    const char *words;  /* what it does */
    const char *footer; /* one word for the footer; NULL: not there */
};
extern const struct key_row key_table[]; /* ends with ACTION_NONE */

enum action keys_action(const struct key *key);
