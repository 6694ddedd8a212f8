#include "ui/keepers.h"

#include "network/keeper.h"

struct keepers {
    struct strings networks; /* their names */
    struct keeper **items;   /* of each */
};

static bool is_used(const struct store *store, const char *network) {
    for (size_t i = 0; i < store->count; i++) {
        const struct session *session = &store->rows[i]->session;
        if (str_equal(session->network, network) && str_equal(session->status, "Running"))
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
    keepers->items[count] = keeper_start(app->host.client, network, 0, failed, app);
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
    const struct store *store = &app->store;
    for (size_t i = 0; i < store->count; i++) {
        const struct session *session = &store->rows[i]->session;
        if (session->mode != NETWORK_ALLOWLIST || !*session->network ||
            !str_equal(session->status, "Running"))
            continue;
        if (!app->keepers)
            app->keepers = mem_new(sizeof *app->keepers);
        if (!strings_has(&app->keepers->networks, session->network))
            add(app, session->network);
    }
    for (size_t i = app->keepers ? app->keepers->networks.count : 0; i-- > 0;)
        if (!is_used(store, app->keepers->networks.items[i]) && keeper_at_rest(app->keepers->items[i]))
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
