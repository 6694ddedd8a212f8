#include "ui/state/store.h"

#include <string.h>

#define PAUSE_FIRST_MS   250
#define PAUSE_LONGEST_MS 8000

static void changed(struct store *store) {
    store->changed(store->data);
}

static void row_free(struct store_row *row) {
    session_done(&row->session);
    free(row->operation);
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

static void remove_row(struct store *store, const char *name) {
    for (size_t i = 0; i < store->count; i++)
        if (str_equal(store->rows[i]->session.name, name)) {
            remove_at(store, i);
            return;
        }
}

static void take_instance(struct store *store, json_t *json) {
    _cleanup_(instance_done) struct instance instance = {0};
    if (!instance_read(&instance, json))
        return;
    struct store_row *row = store_find(store, instance.name);
    if (!row) {
        row = mem_new(sizeof *row);
        *row = (struct store_row){.cpu = -1, .memory = -1};
        store->rows = mem_grow(store->rows, (store->count + 1) * sizeof(struct store_row *));
        store->rows[store->count++] = row;
    }
    session_done(&row->session);
    session_read(&row->session, store->prefix, &instance, &store->records);
    row->listed = true;
    if (!instance_running(&instance)) {
        row->cpu = -1;
        row->memory = -1;
        row->cpu_at = 0;
    }
}

static void ask_list(struct store *store);
static void connect_again(struct store *store, const struct error *err);

static void take_member(void *data, json_t *member) {
    take_instance(data, member);
}

static void list_came(void *data, const struct reply *reply, struct error *err) {
    struct store *store = data;
    store->asking_list = NULL;
    records_done(&store->records);
    if (!reply) {
        connect_again(store, err);
        return;
    }
    for (size_t i = store->count; i-- > 0;)
        if (!store->rows[i]->listed)
            remove_at(store, i);
    store->complete = true;
    if (store->list_again) {
        store->list_again = false;
        ask_list(store);
    }
    changed(store);
}

static void ask_list(struct store *store) {
    if (store->asking_list) {
        store->list_again = true;
        return;
    }
    for (size_t i = 0; i < store->count; i++)
        store->rows[i]->listed = false;
    _cleanup_free_ char *path = incus_path("recursion=1", "instances", NULL);
    store->asking_list = incus_call_each(store->client, path, take_member, store, list_came, store);
}

static void server_came(void *data, const struct reply *reply, struct error *err) {
    struct store *store = data;
    _cleanup_(error_done) struct error reading = {0};
    store->asking_server = NULL;
    if (reply && server_read(store->client, reply->metadata, &store->server, &reading)) {
        changed(store);
        return;
    }
    connect_again(store, reply ? &reading : err);
}

struct asking {
    struct asking *next;
    struct store *store;
    struct call *call;
    char *name;
};

static void asking_unlink(struct asking *asking) {
    struct asking **link = &asking->store->asked;
    while (*link != asking)
        link = &(*link)->next;
    *link = asking->next;
}

static void asking_free(struct asking *asking) {
    call_drop(asking->call);
    free(asking->name);
    free(asking);
}

static void ask_instance(struct store *store, const char *name);

static void instance_came(void *data, const struct reply *reply, struct error *err) {
    struct asking *asking = data;
    struct store *store = asking->store;
    struct store_row *row = store_find(store, asking->name);
    bool again = row && row->again;
    asking->call = NULL;
    if (row)
        row->wanted = row->again = false;
    records_done(&store->records); /* they may have changed */
    if (reply)
        take_instance(store, reply->metadata);
    else if (err->code == 404)
        remove_row(store, asking->name);
    if (again)
        ask_instance(store, asking->name);
    asking_unlink(asking);
    asking_free(asking);
    changed(store);
}

/* An instance that is known and is being asked for already is asked for once more afterwards. */
static void ask_instance(struct store *store, const char *name) {
    struct store_row *row = store_find(store, name);
    if (row && row->wanted) {
        row->again = true;
        return;
    }
    if (row)
        row->wanted = true;
    struct asking *asking = mem_new(sizeof *asking);
    *asking = (struct asking){.next = store->asked, .store = store, .name = str_copy(name)};
    store->asked = asking;
    _cleanup_free_ char *path = incus_path(NULL, "instances", name, NULL);
    asking->call = incus_call(store->client, "GET", path, NULL, instance_came, asking);
}

/* "/1.0/instances/NAME?project=…": NAME. Caller owns; NULL if it is no instance's. */
static char *name_of_url(const char *url) {
    static const char begin[] = "/1.0/instances/";
    if (!str_starts(url, begin))
        return NULL;
    const char *name = url + strlen(begin);
    return str_copy_n(name, strcspn(name, "?/"));
}

/* What changes nothing that is shown; berth's own questions are among it. */
static bool is_noise(const char *action) {
    static const char *const noise[] = {"instance-exec",    "instance-console",  "instance-file",
                                        "instance-log",     "instance-metadata", "instance-backup",
                                        "instance-snapshot"};
    for (size_t i = 0; i < array_length(noise); i++)
        if (str_starts(action, noise[i]))
            return true;
    return false;
}

static void lifecycle(struct store *store, const json_t *metadata) {
    const char *action = json_str_at(metadata, "action");
    if (!str_starts(action, "instance-") || is_noise(action))
        return;
    _cleanup_free_ char *name = name_of_url(json_str_at(metadata, "source"));
    if (!name || str_equal(action, "instance-renamed")) {
        ask_list(store);
    } else if (str_equal(action, "instance-deleted")) {
        remove_row(store, name);
        changed(store);
    } else {
        ask_instance(store, name);
    }
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

static void operation(struct store *store, const json_t *metadata) {
    const char *word = word_of(json_str_at(metadata, "description")), *id = json_str_at(metadata, "id");
    bool over = json_int_at(metadata, "status_code") >= 200;
    size_t index;
    const json_t *resource;
    if (!word)
        return;
    json_array_foreach(json_at(metadata, "resources.instances"), index, resource) {
        const char *url = json_string_value(resource);
        _cleanup_free_ char *name = url ? name_of_url(url) : NULL;
        struct store_row *row = store_find(store, name);
        if (!row || (over && !str_equal(row->operation, id)))
            continue;
        row->busy = over ? NULL : word;
        str_set(&row->operation, over ? NULL : id);
        changed(store);
    }
}

static void event(void *data, const char *type, const json_t *metadata) {
    struct store *store = data;
    if (str_equal(type, "lifecycle"))
        lifecycle(store, metadata);
    else if (str_equal(type, "operation"))
        operation(store, metadata);
}

static void opened(void *data) {
    struct store *store = data;
    store->link = LINK_UP;
    store->pause = 0;
    str_set(&store->why, NULL);
    ask_list(store); /* what changed before the stream began is in here */
    changed(store);
}

static void closed(void *data, struct error *err) {
    connect_again(data, err);
}

static void connect_now(void *data) {
    static const struct events_handler handler = {.event = event, .opened = opened, .closed = closed};
    struct store *store = data;
    _cleanup_free_ char *path = incus_path(NULL, NULL);
    store->retry = NULL;
    store->events = events_open(store->client, "lifecycle,operation", &handler, store);
    store->asking_server = incus_call(store->client, "GET", path, NULL, server_came, store);
}

static void disconnect(struct store *store) {
    events_free(store->events);
    call_drop(store->asking_server);
    call_drop(store->asking_list);
    store->events = NULL;
    store->asking_server = store->asking_list = NULL;
    store->list_again = false;
}

/* The rows stay, as the last that was known. */
static void connect_again(struct store *store, const struct error *err) {
    disconnect(store);
    store->link = LINK_AWAY;
    if (err && err->class)
        str_set(&store->why, err->message);
    for (size_t i = 0; i < store->count; i++) {
        store->rows[i]->busy = NULL;
        str_set(&store->rows[i]->operation, NULL);
    }
    store->pause = store->pause == 0                     ? PAUSE_FIRST_MS
                   : store->pause < PAUSE_LONGEST_MS / 2 ? store->pause * 2
                                                         : PAUSE_LONGEST_MS;
    timer_stop(store->retry);
    store->retry = loop_timer(incus_loop(store->client), store->pause, connect_now, store);
    changed(store);
}

void store_open(struct store *store, struct incus *client, const char *prefix, void (*function)(void *data),
                void *data) {
    *store = (struct store){.client = client, .prefix = prefix, .changed = function, .data = data};
    connect_now(store);
}

void store_close(struct store *store) {
    disconnect(store);
    timer_stop(store->retry);
    for (struct asking *asking = store->asked, *next; asking; asking = next) {
        next = asking->next;
        asking_free(asking);
    }
    while (store->count)
        remove_at(store, store->count - 1);
    free(store->rows);
    free(store->why);
    records_done(&store->records);
    server_done(&store->server);
}
