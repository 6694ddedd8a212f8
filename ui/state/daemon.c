#include "ui/state/daemon.h"

#include "workspace/workspace.h"

#include <string.h>

struct daemon *daemons_add(struct daemons *daemons, const char *name, struct incus *take_client,
                           const char *prefix) {
    struct daemon *daemon = mem_new(sizeof *daemon);
    *daemon = (struct daemon){.name = str_copy(name), .client = take_client};
    daemon->store.prefix = prefix;
    daemon->store.remote = daemon->name;
    daemon->store.records.remote = incus_remote(take_client);
    daemons->items = mem_grow(daemons->items, (daemons->count + 1) * sizeof *daemons->items);
    daemons->items[daemons->count++] = daemon;
    return daemon;
}

void daemons_done(struct daemons *daemons) {
    for (size_t i = 0; i < daemons->count; i++) {
        struct daemon *daemon = daemons->items[i];
        link_close(daemon->link);
        store_done(&daemon->store);
        incus_free(daemon->client);
        free(daemon->name);
        free(daemon);
    }
    free(daemons->items);
    *daemons = (struct daemons){0};
}

struct daemon *daemons_of(const struct daemons *daemons, const char *key) {
    const char *name = daemons_name(key);
    size_t length = name == key ? 0 : (size_t)(name - key - 1);
    for (size_t i = 1; i < daemons->count && length; i++) {
        const char *remote = daemons->items[i]->name;
        if (strlen(remote) == length && memcmp(remote, key, length) == 0)
            return daemons->items[i];
    }
    return daemons->items[0];
}

struct store_row *daemons_find(const struct daemons *daemons, const char *key) {
    return key ? store_find(&daemons_of(daemons, key)->store, daemons_name(key)) : NULL;
}

struct store_row *daemons_row(const struct daemons *daemons, size_t index) {
    for (size_t i = 0; i < daemons->count; i++) {
        const struct store *store = &daemons->items[i]->store;
        if (index < store->count)
            return store->rows[index];
        index -= store->count;
    }
    return NULL;
}

char *daemons_key(const struct daemons *daemons, const struct incus *client, const char *name) {
    for (size_t i = 1; i < daemons->count; i++)
        if (daemons->items[i]->client == client)
            return str_printf("%s:%s", daemons->items[i]->name, name);
    return str_copy(name);
}

const char *daemons_name(const char *key) {
    const char *colon = strchr(key, ':'); /* no instance's name has one */
    return colon ? colon + 1 : key;
}

char *daemons_machine(const struct daemons *daemons, const struct store_row *row) {
    const struct daemon *daemon = daemons_of(daemons, row->key);
    const char *remote = incus_remote(daemon->client), *location = row->session.location;
    return remote && *location ? str_printf("%s/%s", remote, location)
           : remote            ? str_copy(remote)
           : *location         ? str_copy(location)
                               : str_copy("local");
}

static bool is_qualified(const char *workspace) {
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *path;
    return workspace_is_qualified(workspace, &first, &second, &path);
}

char *daemons_workspace(const struct daemons *daemons, const struct store_row *row) {
    const char *remote = incus_remote(daemons_of(daemons, row->key)->client);
    const struct session *session = &row->session;
    if (remote)
        return str_printf("%s:%s", remote, session->workspace);
    return session->elsewhere && !is_qualified(session->workspace)
               ? str_printf("%s:%s", session->location, session->workspace)
               : str_copy(session->workspace);
}

struct daemon *daemons_for(const struct daemons *daemons, const char *workspace) {
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *path;
    if (!workspace || !workspace_is_qualified(workspace, &first, &second, &path))
        return daemons->items[0];
    for (size_t i = 0; i < daemons->count; i++)
        if (str_equal(incus_remote(daemons->items[i]->client), first))
            return daemons->items[i];
    return daemons->items[0];
}

bool daemons_several(const struct daemons *daemons) {
    const struct store *first = &daemons->items[0]->store;
    return daemons->count > 1 || first->server.member;
}
