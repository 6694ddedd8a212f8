#include "ui/layers.h"

#include "ui/view/question.h"
#include "ui/view/views.h"

#include <string.h>

void layers_open(struct host *host, const struct view *view, const void *argument) {
    struct app *app = app_of(host);
    if (app->layer_count == LAYERS_MAX)
        layers_close(host, app->layers[LAYERS_MAX - 1].state);
    app->layers[app->layer_count++] = (struct open_view){view, view->enter(host, argument)};
    host->redraw(host);
}

void layers_close(struct host *host, const void *state) {
    struct app *app = app_of(host);
    for (size_t i = 0; i < app->layer_count; i++) {
        struct open_view layer = app->layers[i];
        if (layer.state != state)
            continue;
        app->layer_count--;
        memmove(&app->layers[i], &app->layers[i + 1], (app->layer_count - i) * sizeof *app->layers);
        layer.view->leave(layer.state);
        break;
    }
    host->redraw(host);
}

void layers_close_all(struct app *app) {
    while (app->layer_count)
        layers_close(&app->host, app->layers[app->layer_count - 1].state);
}

bool layers_ask(struct host *host, const char *question, const struct strings *details) {
    struct app *app = app_of(host);
    _cleanup_(error_done) struct error cancelled = {0};
    struct question_asked asked = {.text = question, .details = details};
    if (host->over)
        return false;
    if (app_is_top(app, &view_question)) {
        host->say(host, STYLE_WARNING, "another question is open: answer that first");
        return false;
    }
    layers_open(host, &view_question, &asked);
    const void *state = app->layers[app->layer_count - 1].state;
    bool good = loop_run(host->loop, &asked.answered, &cancelled);
    if (!asked.answered)
        layers_close(host, state);
    return good && asked.yes;
}
