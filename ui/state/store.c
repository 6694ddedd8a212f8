#include "ui/state/store.h"

#include "incus/event.h"

#include <string.h>

static void row_free(struct store_row *row) {
    session_done(&row->session);
    free(row->operation);
    free(row->at);
    free(row->branch);
    free(row);
}

struct store_row *store_find(const struct store *store, const char *name) {
    for (size_t i = 0; name && i < store->count; i++)
        if (str_equal(store->rows[i]->session.name, name))
            return store->rows[i];
    return NULL;
}

static void remove_at(struct store *store, size_t index) {
    row_free(store->rows[index]);
    store->rows[index] = store->rows[--store->count];
}

void store_remove(struct store *store, const char *name) {
    for (size_t i = 0; i < store->count; i++)
        if (str_equal(store->rows[i]->session.name, name)) {
            remove_at(store, i);
            return;
        }
}

void store_done(struct store *store) {
    while (store->count)
        remove_at(store, store->count - 1);
    free(store->rows);
    free(store->why);
    strings_done(&store->hints);
    records_done(&store->records);
    server_done(&store->server);
}

void store_take(struct store *store, json_t *json) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_read(&instance, json))
        return;
    struct store_row *row = store_find(store, instance.name);
    if (!row) {
        row = mem_new(sizeof *row);
        *row = (struct store_row){.cpu = -1, .memory = -1, .files = -1, .moved = true};
        store->rows = mem_grow(store->rows, (store->count + 1) * sizeof(struct store_row *));
        store->rows[store->count++] = row;
    }
    /* what is not the daemon's to say stays */
    size_t changed = row->session.changed;
    bool guarded = row->session.guarded, holds_root = row->session.holds_root;
    session_done(&row->session);
    session_read(&row->session, store->prefix, &instance, &store->records);
    row->session.changed = changed;
    row->session.guarded = guarded;
    row->session.holds_root = holds_root;
    row->listed = true;
    if (!instance_running(&instance)) {
        row->cpu = -1;
        row->memory = -1;
        row->cpu_at = 0;
    }
}

void store_list_begin(struct store *store) {
    records_done(&store->records); /* they may have changed */
    for (size_t i = 0; i < store->count; i++)
        store->rows[i]->listed = false;
}

void store_list_end(struct store *store) {
    for (size_t i = store->count; i-- > 0;)
        if (!store->rows[i]->listed)
            remove_at(store, i);
    store->complete = true;
}

enum store_wants store_lifecycle(struct store *store, const json_t *metadata, char **name) {
    const char *action = json_str_at(metadata, "action");
    *name = NULL;
    if (!event_changes_instance(metadata))
        return STORE_WANTS_NOTHING;
    *name = event_instance(json_str_at(metadata, "source"));
    if (!*name || str_equal(action, "instance-renamed"))
        return STORE_WANTS_LIST;
    if (!str_equal(action, "instance-deleted"))
        return STORE_WANTS_INSTANCE;
    store_remove(store, *name);
    return STORE_WANTS_NOTHING;
}

/* The daemon's description of an operation, as a word for the list. */
static const char *word_of(const char *description) {
    static const char *const words[][2] = {
        {"Creating instance", "create"},    {"Starting instance", "start"},  {"Stopping instance", "stop"},
        {"Restarting instance", "restart"}, {"Deleting instance", "delete"},
    };
    for (size_t i = 0; i < array_length(words); i++)
        if (str_equal(description, words[i][0]))
            return words[i][1];
    return NULL;
}

bool store_operation(struct store *store, const json_t *metadata) {
    const char *word = word_of(json_str_at(metadata, "description")), *id = json_str_at(metadata, "id");
    bool over = json_int_at(metadata, "status_code") >= 200, changed = false;
    size_t index;
    const json_t *resource;
    if (!word)
        return false;
    json_array_foreach(json_at(metadata, "resources.instances"), index, resource) {
        const char *url = json_string_value(resource);
        _cleanup_free_ char *name = url ? event_instance(url) : NULL;
        struct store_row *row = store_find(store, name);
        if (!row || (over && !str_equal(row->operation, id)))
            continue;
        row->busy = over ? NULL : word;
        str_set(&row->operation, over ? NULL : id);
        changed = true;
    }
    return changed;
}

void store_lost(struct store *store, const struct error *why) {
    store->link = LINK_AWAY;
    if (why && why->class != ERROR_NONE) {
        str_set(&store->why, why->message);
        strings_done(&store->hints);
        for (size_t i = 0; i < why->hints.count; i++)
            strings_add(&store->hints, why->hints.items[i]);
    }
    for (size_t i = 0; i < store->count; i++) {
        store->rows[i]->busy = NULL;
        str_set(&store->rows[i]->operation, NULL);
    }
}
