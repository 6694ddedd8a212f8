/* Which rows of the store are shown, in which order; the cursor and the marks. No curses. */
#pragma once

#include "ui/state/daemon.h"
#include "ui/state/marks.h"

enum column {
    COLUMN_WORKSPACE,
    COLUMN_SLOT,
    COLUMN_STATE,
    COLUMN_MAPPING,
    COLUMN_UPTIME,
    COLUMN_MACHINE, /* where there is more than one */
    COLUMNS_SORTED
};

struct list {
    const struct daemons *daemons;
    struct store_row **order; /* what is shown; lent by the stores, valid until they change */
    size_t count;
    size_t cursor;
    char *selected;   /* the key under the cursor: it stays on it when rows come and go */
    size_t top, page; /* what is in view: set when it is drawn */
    struct marks marks;
    char *filter; /* "" for none; "@nodeb": what is on that machine */
    enum column sort;
    bool reverse;
    int64_t now;  /* when it was put in order, in milliseconds of the epoch */
    bool foreign; /* instances that are no sessions are shown too */
};

void list_init(struct list *list, const struct daemons *daemons);
void list_done(struct list *list);
/* To be called when the store, the filter or the order has changed. */
void list_refresh(struct list *list);

/* The row under the cursor; NULL if there is none. */
struct store_row *list_current(const struct list *list);
void list_select(struct list *list, size_t index);
void list_move(struct list *list, long rows);
void list_show(struct list *list, const char *key); /* the cursor goes there, if it is in view */
void list_filter(struct list *list, const char *filter);

/* The marked ones, or the one under the cursor: their keys. */
void list_chosen(const struct list *list, struct strings *keys);
/* The next order that there is. */
void list_next_sort(struct list *list);

/* "mapping" in words for the list: "raw 1001", "shift", "none". Caller owns. */
char *list_mapping(const struct session *row) nodiscard;
/* "3m", "2h", "4d"; "" if it does not run. `now` in seconds of the epoch. */
void list_uptime(const struct session *row, int64_t now, char *text, size_t room);
