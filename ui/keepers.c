#include "ui/keepers.h"

#include "network/keeper.h"

struct keepers {
    struct strings networks; /* their names, as keys */
    struct keeper **items;   /* of each */
};

static bool needs(const struct store_row *row) {
    const struct session *session = &row->session;
    return session->mode == NETWORK_ALLOWLIST && *session->network && str_equal(session->status, "Running");
}

static char *key_of(const struct app *app, const struct store_row *row) {
    return daemons_key(&app->host.daemons, host_client(&app->host, row->key), row->session.network);
}

static bool is_used(const struct app *app, const char *network) {
    const struct store_row *row;
    for (size_t i = 0; (row = daemons_row(&app->host.daemons, i)); i++) {
        _cleanup_free_ char *key = needs(row) ? key_of(app, row) : NULL;
        if (str_equal(key, network))
            return true;
    }
    return false;
}

static void failed(void *data, const struct error *err) {
    struct app *app = data;
    log_error(&app->log, err);
}

static void add(struct app *app, const char *network) {
    struct keepers *keepers = app->keepers;
    size_t count = keepers->networks.count;
    keepers->items = mem_grow(keepers->items, (count + 1) * sizeof *keepers->items);
    keepers->items[count] =
        keeper_start(host_client(&app->host, network), daemons_name(network), 0, failed, app);
    strings_add(&keepers->networks, network);
}

/* The last takes the place of the one that goes. */
static void drop(struct keepers *keepers, size_t i) {
    size_t last = --keepers->networks.count;
    keeper_stop(keepers->items[i]);
    free(keepers->networks.items[i]);
    keepers->networks.items[i] = keepers->networks.items[last];
    keepers->networks.items[last] = NULL;
    keepers->items[i] = keepers->items[last];
}

void keepers_refresh(struct app *app) {
    const struct store_row *row;
    for (size_t i = 0; (row = daemons_row(&app->host.daemons, i)); i++) {
        if (!needs(row))
            continue;
        _cleanup_free_ char *key = key_of(app, row);
        if (!app->keepers)
            app->keepers = mem_new(sizeof *app->keepers);
        if (!strings_has(&app->keepers->networks, key))
            add(app, key);
    }
    for (size_t i = app->keepers ? app->keepers->networks.count : 0; i-- > 0;)
        if (!is_used(app, app->keepers->networks.items[i]) && keeper_at_rest(app->keepers->items[i]))
            drop(app->keepers, i);
}

void keepers_stop(struct app *app) {
    while (app->keepers && app->keepers->networks.count)
        drop(app->keepers, 0);
    if (app->keepers) {
        strings_done(&app->keepers->networks);
        free(app->keepers->items);
    }
    free(app->keepers);
    app->keepers = NULL;
}
