#include "watch/contents.h"

#include <stdio.h>

/* They are asked for so often at the most. */
#define FRAME_MS 33

void contents_done(struct contents *contents) {
    timer_stop(contents->due);
    free(contents->shown.text);
}

void contents_ask(struct contents *contents) {
    if (!contents->wanted || contents->asking)
        return;
    contents->asking = true;
    contents->stale = false;
    contents->asked_at = loop_now();
    contents->ask(contents->data);
}

static void due(void *data) {
    struct contents *contents = data;
    contents->due = NULL;
    if (contents->stale)
        contents_ask(contents);
}

void contents_spoil(struct contents *contents) {
    contents->stale = true;
    if (!contents->wanted || contents->held || contents->asking || contents->due)
        return;
    int64_t wait = contents->asked_at + FRAME_MS - loop_now();
    contents->due = loop_timer(contents->loop, wait > 0 ? (long)wait : 0, due, contents);
}

void contents_want(struct contents *contents, bool wanted) {
    if (wanted == contents->wanted)
        return;
    contents->wanted = wanted;
    contents_ask(contents); /* whatever was shown before may be long ago */
}

void contents_take_size(struct contents *contents, const char *text) {
    int rows = 0, columns = 0, row = 0, column = 0, visible = 0;
    contents->coming = (struct watch_contents){0};
    if (sscanf(text, "%5d %5d %5d %5d %1d", &rows, &columns, &row, &column, &visible) < 5)
        return;
    contents->coming = (struct watch_contents){.rows = rows,
                                               .columns = columns,
                                               .cursor_row = visible ? row : -1,
                                               .cursor_column = column,
                                               .number = contents->asked_at};
}

bool contents_take(struct contents *contents, const char *text) {
    bool good = text && contents->coming.rows > 0;
    contents->asking = false;
    if (good) {
        free(contents->shown.text);
        contents->shown = contents->coming;
        contents->shown.text = str_copy(text);
    }
    if (contents->stale)
        contents_spoil(contents);
    return good;
}
