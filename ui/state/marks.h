/* Names that are marked, so that an action is for all of them. No curses. */
#pragma once

#include "base/str.h"

struct marks {
    struct strings names; /* in the order in which they were marked */
};
void marks_done(struct marks *marks);

bool marks_has(const struct marks *marks, const char *name);
/* Marks it, or takes the mark away. */
void marks_toggle(struct marks *marks, const char *name);
void marks_clear(struct marks *marks);
/* Drops those for which `there` says no: they would come back with a new instance of the same name. */
void marks_keep(struct marks *marks, bool (*there)(const void *data, const char *name), const void *data);
