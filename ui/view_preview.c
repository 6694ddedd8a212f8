/* What the session's terminal shows at this moment: tmux keeps it, and is asked without attaching. */
#include "incus/capture.h"
#include "ui/app.h"
#include "ui/sgr.h"

#include <string.h>

#define OUTPUT_LIMIT (256u << 10)

static void draw(struct app *app, struct area area) {
    const struct store_row *row = app_row(app);
    struct sgr sgr = {0};
    if (row && !str_equal(row->session.status, "Running")) {
        draw_text(area, 0, 1, STYLE_DIM, "it does not run: there is nothing to show");
        return;
    }
    /* the end of it is what one waits for */
    size_t rows = (size_t)area.rows, count = app->preview.count;
    size_t most = count > rows ? count - rows : 0, first = app->scroll < most ? most - app->scroll : 0;
    if (app->scroll > most)
        app->scroll = most;
    for (size_t i = 0; i < count && i < first + rows; i++)
        sgr_draw(&sgr, area, (int)i - (int)first, app->preview.items[i]);
}

static void take_lines(struct app *app, const struct capture *capture) {
    _cleanup_free_ char *text = str_copy(capture->out.data ? capture->out.data : "");
    char *rest = text;
    strings_done(&app->preview);
    for (char *line; (line = strsep(&rest, "\n"));)
        strings_add(&app->preview, line);
    while (app->preview.count && !*app->preview.items[app->preview.count - 1]) {
        free(app->preview.items[--app->preview.count]);
        app->preview.items[app->preview.count] = NULL;
    }
}

static void fetch(struct app *app) {
    _cleanup_(capture_done) struct capture capture = {0};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *name = str_copy(app->shown), *session = tmux_session(name),
                        *exactly = str_printf("=%s:", session);
    char *command[] = {"tmux", "-u", "capture-pane", "-e", "-p", "-t", exactly, NULL};
    const struct store_row *row = app_row(app);
    if (!row || row->session.foreign || !str_equal(row->session.status, "Running"))
        return;
    struct idmap_ids code = session_row_code(&row->session, app->settings);
    struct exec_request request = {.command = command, .uid = code.uid, .gid = code.gid};
    bool good = exec_capture(app->client, name, &request, OUTPUT_LIMIT, &capture, &err);
    if (!str_equal(name, app->shown))
        return;
    if (good && capture.status == 0) {
        take_lines(app, &capture);
        return;
    }
    strings_done(&app->preview);
    strings_add(&app->preview, "no tmux session in it: enter starts one");
}

const struct tab_view tab_preview = {.title = "Preview", .draw = draw, .fetch = fetch, .live = true};
