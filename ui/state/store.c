#include "ui/state/store.h"

#include "incus/event.h"

#include <string.h>

static void row_free(struct store_row *row) {
    session_done(&row->session);
    free(row->key);
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
    members_done(&store->members);
}

static struct store_row *add(struct store *store, const char *name) {
    struct store_row *row = mem_new(sizeof *row);
    *row =
        (struct store_row){.key = store->remote ? str_printf("%s:%s", store->remote, name) : str_copy(name),
                           .store = store,
                           .cpu = -1,
                           .memory = -1,
                           .files = -1,
                           .moved = true};
    store->rows = mem_grow(store->rows, (store->count + 1) * sizeof(struct store_row *));
    store->rows[store->count++] = row;
    return row;
}

void store_take_name(struct store *store, const char *name) {
    struct store_row *row = store_find(store, name);
    _cleanup_json_ json_t *json =
        json_pack("{s:o, s:s, s:{}, s:{}, s:{}, s:{}}", "name", json_text(name), "status", "Unknown",
                  "config", "devices", "expanded_config", "expanded_devices");
    if (!row) {
        store_take(store, json);
        row = store_find(store, name);
        row->silent = true;
    }
    row->listed = true;
}

/* Whether their states are others than those of before. */
static bool are_others(const struct members *before, const struct members *now) {
    bool others = before->count != now->count;
    for (size_t i = 0; i < now->count && !others; i++) {
        const struct member *old = members_find(before, now->items[i].name);
        others = !old || !str_equal(old->status, now->items[i].status);
    }
    return others;
}

bool store_take_members(struct store *store, const json_t *list, void (*back)(void *data, const char *name),
                        void *data) {
    struct members before = store->members;
    store->members = (struct members){0};
    members_read(list, &store->members);
    bool others = are_others(&before, &store->members);
    members_done(&before);
    for (size_t i = 0; i < store->count; i++) {
        struct store_row *row = store->rows[i];
        const struct member *member = members_find(&store->members, row->session.location);
        bool online =
            !member || str_equal(member->status, "Online") || str_equal(member->status, "Evacuated");
        if (row->silent && online)
            back(data, row->session.name);
        row->silent |= !online;
    }
    return others;
}

void store_place(struct store *store) {
    for (size_t i = 0; i < store->count && !store->remote; i++)
        session_place(&store->rows[i]->session, store->server.member);
}

void store_take(struct store *store, json_t *json) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_read(&instance, json))
        return;
    struct store_row *row = store_find(store, instance.name);
    bool unseen = instance_unseen(&instance);
    if (row && unseen) {
        row->listed = row->silent = true;
        return;
    }
    if (!row)
        row = add(store, instance.name);
    /* what is not the daemon's to say stays */
    size_t changed = row->session.changed;
    bool guarded = row->session.guarded, holds_root = row->session.holds_root;
    session_done(&row->session);
    session_read(&row->session, store->prefix, &instance, &store->records);
    row->session.changed = changed;
    row->session.guarded = guarded;
    row->session.holds_root = holds_root;
    session_place(&row->session, store->server.member);
    row->listed = true;
    row->silent = unseen;
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
