#include "ui/state/list.h"

#include "base/time.h"

#include <string.h>

void list_init(struct list *list, const struct daemons *daemons) {
    *list = (struct list){.daemons = daemons, .filter = str_copy(""), .page = 1};
}

void list_done(struct list *list) {
    free(list->order);
    free(list->selected);
    free(list->filter);
    marks_done(&list->marks);
}

static bool fits(const struct list *list, const struct store_row *whole) {
    const struct session *row = &whole->session;
    if (row->foreign && !list->foreign)
        return false;
    if (*list->filter == '@') {
        _cleanup_free_ char *machine = daemons_machine(list->daemons, whole);
        return strcasestr(machine, list->filter + 1);
    }
    const char *const fields[] = {row->workspace, row->name, row->status, row->image};
    for (size_t i = 0; i < array_length(fields); i++)
        if (strcasestr(fields[i], list->filter))
            return true;
    return !*list->filter;
}

/* Who wants something first. */
static int by_state(const struct store_row *a, const struct store_row *b, int64_t now) {
    int order = activity_compare(a->activity, b->activity, now);
    return order ? order : strcmp(a->session.status, b->session.status);
}

static int compare(const struct session *a, const struct session *b, enum column column) {
    switch (column) {
    case COLUMN_SLOT:
        return (int)a->slot - (int)b->slot;
    case COLUMN_MAPPING:
        return a->method != b->method ? (int)a->method - (int)b->method : strcmp(a->raw, b->raw);
    case COLUMN_UPTIME:
        return a->started < b->started ? 1 : a->started > b->started ? -1 : 0;
    case COLUMN_MACHINE:
        return strcmp(a->location, b->location);
    case COLUMN_STATE:
    case COLUMN_WORKSPACE:
    case COLUMNS_SORTED:
        break;
    }
    return strcmp(a->workspace, b->workspace);
}

static int by_order(const void *first, const void *second, void *data) {
    const struct list *list = data;
    const struct store_row *row_a = *(struct store_row *const *)first,
                           *row_b = *(struct store_row *const *)second;
    const struct session *a = &row_a->session, *b = &row_b->session;
    if (a->foreign != b->foreign)
        return a->foreign ? 1 : -1;
    int order = list->sort == COLUMN_STATE ? by_state(row_a, row_b, list->now) : 0;
    if (list->sort == COLUMN_MACHINE && row_a->store != row_b->store)
        order = strcmp(row_a->store->remote ? row_a->store->remote : "",
                       row_b->store->remote ? row_b->store->remote : "");
    if (order == 0)
        order = compare(a, b, list->sort);
    if (order == 0)
        order = compare(a, b, COLUMN_WORKSPACE);
    if (order == 0)
        order = compare(a, b, COLUMN_SLOT);
    if (order == 0)
        order = strcmp(row_a->key, row_b->key);
    return list->reverse ? -order : order;
}

static bool is_there(const void *data, const char *key) {
    return daemons_find(data, key);
}

void list_refresh(struct list *list) {
    const struct daemons *daemons = list->daemons;
    size_t all = 0;
    for (size_t i = 0; i < daemons->count; i++)
        all += daemons->items[i]->store.count;
    list->order = mem_grow(list->order, (all + 1) * sizeof(struct store_row *));
    list->count = 0;
    list->now = time_now_ms();
    struct store_row *row;
    for (size_t i = 0; (row = daemons_row(daemons, i)); i++)
        if (fits(list, row))
            list->order[list->count++] = row;
    qsort_r(list->order, list->count, sizeof(struct store_row *), by_order, list);
    marks_keep(&list->marks, is_there, daemons);
    for (size_t i = 0; i < list->count; i++)
        if (str_equal(list->order[i]->key, list->selected)) {
            list->cursor = i;
            return;
        }
    list_select(list, list->cursor);
}

struct store_row *list_current(const struct list *list) {
    return list->cursor < list->count ? list->order[list->cursor] : NULL;
}

void list_select(struct list *list, size_t index) {
    list->cursor = list->count == 0 ? 0 : index < list->count ? index : list->count - 1;
    str_set(&list->selected, list->count ? list->order[list->cursor]->key : NULL);
}

void list_move(struct list *list, long rows) {
    long wanted = (long)list->cursor + rows;
    list_select(list, wanted < 0 ? 0 : (size_t)wanted);
}

void list_next_sort(struct list *list) {
    do
        list->sort = (list->sort + 1) % COLUMNS_SORTED;
    while (list->sort == COLUMN_MACHINE && !daemons_several(list->daemons));
}

void list_show(struct list *list, const char *key) {
    str_set(&list->selected, key);
    list_refresh(list);
}

void list_filter(struct list *list, const char *filter) {
    str_set(&list->filter, filter);
    list_refresh(list);
}

void list_chosen(const struct list *list, struct strings *keys) {
    for (size_t i = 0; i < list->marks.names.count; i++)
        strings_add(keys, list->marks.names.items[i]);
    if (keys->count == 0 && list->selected && list_current(list))
        strings_add(keys, list->selected);
}

char *list_mapping(const struct session *row) {
    if (row->method == IDMAP_SHIFT)
        return str_copy("shift");
    if (row->method == IDMAP_REFUSED)
        return str_copy(*row->workspace ? "none" : "");
    /* "both 1001 1000": the host's id is what one looks for */
    const char *id = strchr(row->raw, ' ');
    return str_printf("raw %.*s", id ? (int)strcspn(id + 1, " \n") : 0, id ? id + 1 : "");
}

void list_uptime(const struct session *row, int64_t now, char *text, size_t room) {
    int64_t minutes = row->started < now ? (now - row->started) / 60 : 0;
    text[0] = 0;
    if (!str_equal(row->status, "Running") || row->started == 0)
        return;
    if (minutes < 60)
        snprintf(text, room, "%lldm", (long long)minutes);
    else if (minutes < 48L * 60)
        snprintf(text, room, "%lldh", (long long)minutes / 60);
    else
        snprintf(text, room, "%lldd", (long long)minutes / 1440);
}
