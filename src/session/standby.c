#include "session/standby.h"

#include "base/time.h"
#include "incus/server.h"
#include "launch/claim.h"
#include "launch/failure.h"
#include "launch/label.h"
#include "launch/open.h"
#include "launch/refill.h"
#include "network/up.h"

#include <string.h>
#include <time.h>

#define BUSY_PATIENCE_MS 60000
#define BUSY_RETRY_MS    100

void standbys_done(struct standbys *standbys) {
    for (size_t i = 0; i < standbys->count; i++) {
        struct standby_row *row = &standbys->items[i];
        free(row->name);
        free(row->image);
        free(row->raw);
        free(row->host);
        free(row->network);
        free(row->digest);
    }
    free(standbys->items);
    *standbys = (struct standbys){0};
}

struct loading {
    struct standbys *standbys;
    struct standby_kind kind; /* as it is known without a workspace */
    int64_t now;
};

static void add(void *data, const struct instance *instance) {
    struct loading *loading = data;
    struct standbys *standbys = loading->standbys;
    if (!standby_is_idle(instance))
        return;
    standbys->items = mem_grow(standbys->items, (standbys->count + 1) * sizeof *standbys->items);
    standbys->items[standbys->count++] =
        (struct standby_row){.name = str_copy(instance->name),
                             .image = str_copy(instance_config(instance, LABEL_IMAGE)),
                             .raw = str_copy(instance_config(instance, "raw.idmap")),
                             .host = str_copy(instance_config(instance, LABEL_HOST)),
                             .network = str_copy(instance_config(instance, LABEL_NETWORK)),
                             .digest = str_copy(instance_config(instance, LABEL_STANDBY)),
                             .age = loading->now - time_epoch(instance->created_at),
                             .running = instance_running(instance),
                             .stale = standby_stale(instance, &loading->kind, loading->now)};
}

static int by_name(const void *a, const void *b) {
    const struct standby_row *first = a, *second = b;
    return strcmp(first->name, second->name);
}

bool standbys_load(struct incus *client, const char *prefix, const struct settings *settings,
                   struct standbys *standbys, struct error *err) {
    _cleanup_free_ char *pattern = str_printf("^%s.*", prefix);
    struct loading loading = {.standbys = standbys, .now = time(NULL)};
    _cleanup_(server_done) struct server server = {0};
    if (!server_get(client, NULL, &server, err))
        return false;
    standby_kind_outside(settings, server.pid, &loading.kind);
    bool good = instance_each(client, pattern, add, &loading, err);
    standby_kind_done(&loading.kind);
    if (standbys->count)
        qsort(standbys->items, standbys->count, sizeof *standbys->items, by_name);
    return good;
}

/* One look and try: false without an error if it is just being made, and can neither be stopped nor
 * deleted. */
static bool try_retire(struct incus *client, const struct standby_row *row, struct error *err) {
    _cleanup_(standby_found_done) struct standby_found found = {0};
    if (!instance_get_tagged(client, row->name, &found.instance, &found.etag, err))
        return false;
    if (!standby_is_idle(&found.instance)) {
        error_set(err, ERROR_FAILED, "%s was just taken", row->name);
        err->code = 412;
        return false;
    }
    if (!row->stale && standby_is_starting(&found.instance, time(NULL)))
        return false;
    if (claim_retire(client, &found, err))
        return true;
    if (failure_is_busy(err))
        error_done(err);
    return false;
}

static bool retire(struct incus *client, const struct standby_row *row, struct error *err) {
    for (int64_t begin = loop_now(); !try_retire(client, row, err);) {
        if (err->class)
            return false;
        if (loop_now() - begin > BUSY_PATIENCE_MS)
            return error_set(err, ERROR_FAILED, "%s is being made, and that takes long", row->name);
        if (!loop_pause(incus_loop(client), BUSY_RETRY_MS, err))
            return false;
    }
    return true;
}

bool standbys_remove(struct incus *client, const struct standbys *standbys, bool stale_only,
                     size_t *removed, struct error *err) {
    _cleanup_(strings_done) struct strings going = {0};
    for (size_t i = 0; i < standbys->count; i++) {
        const struct standby_row *row = &standbys->items[i];
        _cleanup_(error_done) struct error asking = {0};
        if (stale_only && !row->stale)
            continue;
        if (retire(client, row, &asking))
            strings_add(&going, row->name);
        else if (asking.class && asking.code != 404 && asking.code != 412 && err->class == ERROR_NONE)
            error_move(err, &asking);
    }
    for (size_t i = 0; i < going.count; i++)
        instance_await_end(client, going.items[i]);
    *removed = going.count;
    return err->class == ERROR_NONE;
}

struct filling {
    size_t left;
    bool done;
    size_t made;
    struct error *err;
};

static void made_one(void *data, const json_t *metadata, struct error *err) {
    struct filling *filling = data;
    (void)metadata;
    if (err->class == ERROR_NONE)
        filling->made++;
    else if (filling->err->class == ERROR_NONE)
        error_move(filling->err, err);
    filling->done = --filling->left == 0;
}

static bool make(struct incus *client, const struct prepared *prepared, size_t count, size_t *made,
                 struct error *err) {
    _cleanup_(strings_done) struct strings taken = {0};
    _cleanup_free_ struct operation **operations = mem_new((count + 1) * sizeof(struct operation *));
    _cleanup_free_ char *path = instance_create_path(prepared->member);
    struct filling filling = {.left = count, .done = count == 0, .err = err};
    for (size_t i = 0; i < prepared->taken.count; i++)
        strings_add(&taken, prepared->taken.items[i]);
    for (size_t i = 0; i < count; i++) {
        _cleanup_json_ json_t *body = refill_body(prepared, &taken);
        if (body)
            operations[i] = operation_start(client, "POST", path, body, NULL, made_one, &filling);
        else
            made_one(&filling, NULL, &(struct error){0});
    }
    bool waited = loop_run(incus_loop(client), &filling.done, err);
    for (size_t i = 0; i < count && !waited; i++)
        operation_drop(operations[i]);
    *made = filling.made;
    return waited && err->class == ERROR_NONE;
}

bool standbys_fill(struct incus *client, struct prepared *prepared, const struct standbys *standbys,
                   size_t *made, struct error *err) {
    bool hooked = *settings_text(prepared->request->settings, SETTING_PRE_START);
    const char *why = launch_find_kind(prepared, hooked);
    size_t count = 0, wanted = settings_id(prepared->request->settings, SETTING_STANDBY);
    if (why)
        return error_set(err, ERROR_USAGE, "no standby container would be used: %s", why);
    for (size_t i = 0; i < standbys->count; i++)
        count += !standbys->items[i].stale && str_equal(standbys->items[i].digest, prepared->kind->digest);
    _cleanup_free_ char *is_short = count < wanted ? refill_short(client, prepared_pool(prepared)) : NULL;
    if (is_short)
        return error_set(err, ERROR_FAILED, "no standby container was made: %s", is_short);
    if (count >= wanted)
        return true;
    if (!network_up(client, &prepared->network, err))
        return false;
    if (!str_equal(prepared->kind->network, prepared->network.name))
        (void)launch_find_kind(prepared, hooked); /* it is fit all the same */
    return make(client, prepared, wanted - count, made, err);
}
