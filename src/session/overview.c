#include "session/overview.h"

#include "session/name.h"
#include "session/plan.h"

#include <string.h>
#include <time.h>

void session_row_done(struct session_row *row) {
    free(row->name);
    free(row->status);
    free(row->created_at);
    free(row->image);
    free(row->workspace);
    free(row->ipv4);
    free(row->owner);
    free(row->raw);
    *row = (struct session_row){0};
}

void overview_done(struct overview *overview) {
    for (size_t i = 0; i < overview->count; i++)
        session_row_done(&overview->rows[i]);
    free(overview->rows);
    *overview = (struct overview){0};
}

static const char *first_of(const char *first, const char *second) {
    return *first ? first : second;
}

/* Seconds of the epoch of an RFC 3339 time, as the daemon writes it; 0 if it is none, or the zero time. */
static int64_t epoch(const char *text) {
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (!rest || tm.tm_year < 71) /* the daemon's zero times are the years 1 and 1970 */
        return 0;
    time_t then = timegm(&tm);
    rest += *rest == '.' ? 1 + strspn(rest + 1, "0123456789") : 0;
    int hours = 0, minutes = 0;
    if ((*rest == '+' || *rest == '-') && sscanf(rest + 1, "%2d:%2d", &hours, &minutes) == 2)
        then -= (*rest == '-' ? -1 : 1) * (hours * 3600L + minutes * 60L);
    return then;
}

/* As plan.c wrote it, "1000:1000"; uid 0 if it did not. */
static struct idmap_ids recorded_code(const struct instance *instance) {
    _cleanup_free_ char *text = str_copy(instance_config(instance, "user.berth.code"));
    char *rest = text;
    unsigned long uid, gid;
    const char *first = strsep(&rest, ":");
    if (!rest || !str_to_number(first, UINT32_MAX - 1, &uid) || !str_to_number(rest, UINT32_MAX - 1, &gid))
        return (struct idmap_ids){0, 0};
    return (struct idmap_ids){(uid_t)uid, (gid_t)gid};
}

static struct idmap_ids or_settings(struct idmap_ids code, const struct settings *settings) {
    return code.uid ? code
                    : (struct idmap_ids){settings_id(settings, SETTING_CODE_UID),
                                         settings_id(settings, SETTING_CODE_GID)};
}

struct idmap_ids session_code(const struct instance *instance, const struct settings *settings) {
    return or_settings(recorded_code(instance), settings);
}

struct idmap_ids session_row_code(const struct session_row *row, const struct settings *settings) {
    return or_settings(row->code, settings);
}

void session_row_read(struct session_row *row, const char *prefix, const struct instance *instance) {
    const char *kept = instance_config(instance, PERSISTENT_KEY);
    row->name = str_copy(instance->name);
    row->status = str_copy(instance->status);
    row->created_at = str_copy(instance->created_at);
    row->image = str_copy(first_of(instance_config(instance, "user.berth.image"),
                                   instance_config(instance, "image.description")));
    row->workspace = str_copy(first_of(instance_config(instance, WORKSPACE_KEY),
                                       instance_device(instance, WORKSPACE_DEVICE, "source")));
    row->owner = str_copy(instance_config(instance, "user.berth.host"));
    row->raw = str_copy(instance_config(instance, "raw.idmap"));
    row->shift = str_equal(instance_device(instance, WORKSPACE_DEVICE, "shift"), "true");
    row->ephemeral = instance->ephemeral;
    row->kept_known = *kept;
    row->lasting = !instance->ephemeral && *instance_config(instance, RECORD_KEY);
    row->persistent = !instance->ephemeral && !str_equal(kept, "false");
    row->method = *row->raw ? IDMAP_RAW : row->shift ? IDMAP_SHIFT : IDMAP_REFUSED;
    row->foreign = !name_parse(prefix, instance->name, &row->slot);
    row->code = recorded_code(instance);
    row->started = epoch(json_str_at(instance->json, "last_used_at"));
    row->uptime = -1;
    row->ipv4 = str_copy("");
}

static void read_address(struct session_row *row, const json_t *state) {
    const char *interface;
    const json_t *network;
    json_object_foreach(json_at(state, "network"), interface, network) {
        size_t index;
        const json_t *address;
        json_array_foreach(json_at(network, "addresses"), index, address) {
            bool global = str_equal(json_str_at(address, "scope"), "global");
            if (global && str_equal(json_str_at(address, "family"), "inet") && !*row->ipv4)
                str_set(&row->ipv4, json_str_at(address, "address"));
        }
    }
}

struct loading {
    size_t left;
    bool done;
};

struct pending {
    struct loading *loading;
    struct session_row *row;
};

static void state_came(void *data, const struct reply *reply, struct error *err) {
    struct pending *pending = data;
    (void)err; /* an instance that stopped in between has no state: it is shown without */
    if (reply) {
        read_address(pending->row, reply->metadata);
        int64_t started = epoch(json_str_at(reply->metadata, "started_at")), now = time(NULL);
        pending->row->uptime = started == 0 ? -1 : started < now ? now - started : 0;
    }
    pending->loading->done = --pending->loading->left == 0;
    free(pending);
}

/* The states of those that run, all asked for at once. */
static bool load_states(struct incus *client, struct overview *overview, struct error *err) {
    struct loading loading = {.left = 1};
    for (size_t i = 0; i < overview->count; i++) {
        if (!str_equal(overview->rows[i].status, "Running"))
            continue;
        struct pending *pending = mem_new(sizeof *pending);
        *pending = (struct pending){&loading, &overview->rows[i]};
        _cleanup_free_ char *path = incus_path(NULL, "instances", overview->rows[i].name, "state", NULL);
        loading.left++;
        incus_call(client, "GET", path, NULL, state_came, pending);
    }
    loading.done = --loading.left == 0;
    return loop_run(incus_loop(client), &loading.done, err);
}

struct filling {
    struct overview *overview;
    const char *prefix;
};

static void add_row(void *data, const struct instance *instance) {
    const struct filling *filling = data;
    struct overview *overview = filling->overview;
    if (!name_parse(filling->prefix, instance->name, NULL))
        return;
    overview->rows = mem_grow(overview->rows, (overview->count + 1) * sizeof *overview->rows);
    overview->rows[overview->count] = (struct session_row){0};
    session_row_read(&overview->rows[overview->count++], filling->prefix, instance);
}

static int by_name(const void *a, const void *b) {
    const struct session_row *first = a, *second = b;
    return strcmp(first->name, second->name);
}

bool overview_load(struct incus *client, const char *prefix, bool states, struct overview *overview,
                   struct error *err) {
    _cleanup_free_ char *pattern = str_printf("^%s.*", prefix);
    if (!instance_each(client, pattern, add_row, &(struct filling){overview, prefix}, err))
        return false;
    if (overview->count)
        qsort(overview->rows, overview->count, sizeof *overview->rows, by_name);
    return !states || load_states(client, overview, err);
}
