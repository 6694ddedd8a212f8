#include "ui/state/marks.h"

void marks_done(struct marks *marks) {
    strings_done(&marks->names);
}

bool marks_has(const struct marks *marks, const char *name) {
    return strings_has(&marks->names, name);
}

static bool is_another(const void *data, const char *name) {
    return !str_equal(data, name);
}

void marks_toggle(struct marks *marks, const char *name) {
    if (marks_has(marks, name))
        marks_keep(marks, is_another, name);
    else
        strings_add(&marks->names, name);
}

void marks_clear(struct marks *marks) {
    strings_done(&marks->names);
}

void marks_keep(struct marks *marks, bool (*there)(const void *data, const char *name), const void *data) {
    struct strings kept = {0};
    for (size_t i = 0; i < marks->names.count; i++)
        if (there(data, marks->names.items[i]))
            strings_add(&kept, marks->names.items[i]);
    strings_done(&marks->names);
    marks->names = kept;
}
