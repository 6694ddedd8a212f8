#include "ui/first.h"

#include "incus/image.h"

static bool has_sessions(const struct store *store) {
    for (size_t i = 0; i < store->count; i++)
        if (!store->rows[i]->session.foreign)
            return true;
    return false;
}

static void look(void *data) {
    struct app *app = data;
    struct host *host = &app->host;
    loop_interruptible(host->loop, true);
    do {
        _cleanup_(error_done) struct error err = {0};
        app->images_changed = false;
        bool there = image_check(host->client, settings_text(host->settings, SETTING_IMAGE), &err);
        if (host->over)
            break;
        error_done(&host->no_image);
        if (!there && err.class == ERROR_FAILED)
            error_move(&host->no_image, &err);
    } while (app->images_changed);
    app->looking_for_image = NULL;
    host->redraw(host);
}

void first_refresh(struct app *app) {
    const struct store *store = app->host.store;
    bool wanted = store->link == LINK_UP && store->complete && !has_sessions(store);
    if (wanted && !app->looked_for_image && !app->looking_for_image)
        app->looking_for_image = task_start(app->host.loop, look, app);
    app->looked_for_image = wanted;
}

void first_images_changed(struct app *app) {
    app->images_changed = true;
    app->looked_for_image = false;
    first_refresh(app);
}
