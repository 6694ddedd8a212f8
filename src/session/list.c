#include "session/list.h"

#include "base/time.h"
#include "launch/nics.h"
#include "launch/owner.h"
#include "launch/standby.h"
#include "network/publish.h"
#include "workspace/name.h"

#include <string.h>
#include <time.h>

void session_done(struct session *session) {
    free(session->name);
    free(session->status);
    free(session->created_at);
    free(session->image);
    free(session->workspace);
    free(session->ipv4);
    free(session->owner);
    free(session->raw);
    free(session->location);
    free(session->commit);
    free(session->network);
    free(session->allow);
    free(session->published);
    *session = (struct session){0};
}

struct session session_copy(const struct session *session) {
    struct session copy = *session;
    char **const texts[] = {&copy.name,    &copy.status,   &copy.created_at, &copy.image, &copy.workspace,
                            &copy.ipv4,    &copy.owner,    &copy.raw,        &copy.allow, &copy.published,
                            &copy.network, &copy.location, &copy.commit};
    for (size_t i = 0; i < array_length(texts); i++)
        *texts[i] = str_copy(*texts[i]);
    return copy;
}

void session_list_done(struct session_list *list) {
    for (size_t i = 0; i < list->count; i++)
        session_done(&list->items[i]);
    free(list->items);
    *list = (struct session_list){0};
}

static const char *first_of(const char *first, const char *second) {
    return *first ? first : second;
}

struct idmap_ids session_code(const struct session *session, const struct settings *settings) {
    return label_code_or(session->code, settings);
}

void session_read(struct session *session, const char *prefix, const struct instance *instance,
                  struct records *records) {
    session->name = str_copy(instance->name);
    session->status = str_copy(instance->status);
    session->created_at = str_copy(instance->created_at);
    session->image = str_copy(
        first_of(instance_config(instance, LABEL_IMAGE), instance_config(instance, "image.description")));
    session->workspace = str_copy(first_of(instance_config(instance, LABEL_WORKSPACE),
                                           instance_device(instance, WORKSPACE_DEVICE, "source")));
    session->owner = str_copy(instance_config(instance, LABEL_HOST));
    session->commit = str_copy(instance_config(instance, LABEL_COMMIT));
    session->raw = str_copy(instance_config(instance, "raw.idmap"));
    session->shift = str_equal(instance_device(instance, WORKSPACE_DEVICE, "shift"), "true");
    session->ephemeral = instance->ephemeral;
    session->orphaned = owner_orphaned(instance);
    session->no_root = str_equal(instance_config(instance, LABEL_ROOT), "deny");
    session->shell = !instance->ephemeral && *instance_config(instance, LABEL_RECORD);
    session->method = *session->raw ? IDMAP_RAW : session->shift ? IDMAP_SHIFT : IDMAP_REFUSED;
    session->standby = standby_is_idle(instance);
    session->foreign = !name_parse(prefix, instance->name, &session->slot) || session->standby;
    session->persistent = session->foreign ? !instance->ephemeral : label_is_persistent(instance, records);
    session->mode = nics_mode(instance);
    const char *location = json_str_at(instance->json, "location");
    session->location = str_copy(str_equal(location, "none") ? "" : location); /* its word for no cluster */
    session->elsewhere = records->remote != NULL;
    session->network = str_copy(nics_network(instance));
    session->allow = str_copy(instance_config(instance, LABEL_ALLOW));
    session->published = publish_of_devices(instance->devices);
    session->code = label_recorded_code(instance);
    session->started = time_epoch(json_str_at(instance->json, "last_used_at"));
    session->uptime = -1;
    session->ipv4 = str_copy("");
}

void session_place(struct session *session, const char *own) {
    session->elsewhere |= own && *session->location && !str_equal(session->location, own);
}

static void read_address(struct session *session, const json_t *state) {
    const char *interface;
    const json_t *network;
    json_object_foreach(json_at(state, "network"), interface, network) {
        size_t index;
        const json_t *address;
        json_array_foreach(json_at(network, "addresses"), index, address) {
            bool global = str_equal(json_str_at(address, "scope"), "global");
            if (global && str_equal(json_str_at(address, "family"), "inet") && !*session->ipv4)
                str_set(&session->ipv4, json_str_at(address, "address"));
        }
    }
}

struct loading {
    size_t left;
    bool done;
};

struct pending {
    struct loading *loading;
    struct session *session;
};

static void state_came(void *data, const struct reply *reply, struct error *err) {
    struct pending *pending = data;
    (void)err; /* an instance that stopped in between has no state: it is shown without */
    if (reply) {
        read_address(pending->session, reply->metadata);
        int64_t started = time_epoch(json_str_at(reply->metadata, "started_at")), now = time(NULL);
        pending->session->uptime = started == 0 ? -1 : started < now ? now - started : 0;
    }
    pending->loading->done = --pending->loading->left == 0;
    free(pending);
}

/* The states of those that run, all asked for at once. */
static bool load_states(struct incus *client, struct session_list *list, struct error *err) {
    struct loading loading = {.left = 1};
    for (size_t i = 0; i < list->count; i++) {
        if (!str_equal(list->items[i].status, "Running"))
            continue;
        struct pending *pending = mem_new(sizeof *pending);
        *pending = (struct pending){&loading, &list->items[i]};
        _cleanup_free_ char *path = incus_path(NULL, "instances", list->items[i].name, "state", NULL);
        loading.left++;
        incus_call(client, "GET", path, NULL, state_came, pending);
    }
    loading.done = --loading.left == 0;
    return loop_run(incus_loop(client), &loading.done, err);
}

struct filling {
    struct session_list *list;
    const char *prefix;
    struct records records;
};

static void add_session(void *data, const struct instance *instance) {
    struct filling *filling = data;
    struct session_list *list = filling->list;
    if (!name_parse(filling->prefix, instance->name, NULL) || standby_is_idle(instance))
        return;
    list->items = mem_grow(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count] = (struct session){0};
    session_read(&list->items[list->count++], filling->prefix, instance, &filling->records);
}

static int by_name(const void *a, const void *b) {
    const struct session *first = a, *second = b;
    return strcmp(first->name, second->name);
}

/* Only a cluster's say where they are; which member answers is asked for then. */
static bool place_all(struct incus *client, struct session_list *list, struct error *err) {
    bool clustered = false;
    for (size_t i = 0; i < list->count; i++)
        clustered |= *list->items[i].location != 0;
    if (!clustered || incus_is_remote(client))
        return true;
    _cleanup_json_ json_t *server = NULL;
    if (!incus_request(client, "GET", "/1.0", NULL, &server, err))
        return false;
    for (size_t i = 0; i < list->count; i++)
        session_place(&list->items[i], json_str_at(server, "environment.server_name"));
    return true;
}

bool session_list_load(struct incus *client, const char *prefix, bool states, struct session_list *list,
                       struct error *err) {
    _cleanup_free_ char *pattern = str_printf("^%s.*", prefix);
    struct filling filling = {.list = list, .prefix = prefix, .records.remote = incus_remote(client)};
    bool good = instance_each(client, pattern, add_session, &filling, err);
    records_done(&filling.records);
    if (!good)
        return false;
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, by_name);
    return place_all(client, list, err) && (!states || load_states(client, list, err));
}
