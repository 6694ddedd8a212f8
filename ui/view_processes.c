/* The processes of the container, as its own ps tells them. */
#include "incus/capture.h"
#include "ui/app.h"

#include <string.h>

#define OUTPUT_LIMIT (128u << 10)

static void draw(struct app *app, struct area area) {
    const struct store_row *row = app_row(app);
    if (row && !str_equal(row->session.status, "Running")) {
        draw_text(area, 0, 1, STYLE_DIM, "it does not run: there are none");
        return;
    }
    size_t rows = area.rows > 1 ? (size_t)area.rows - 1 : 0, count = app->processes.count;
    if (count == 0)
        return;
    size_t most = count - 1 > rows ? count - 1 - rows : 0;
    if (app->scroll > most)
        app->scroll = most;
    draw_text(area, 0, 1, STYLE_DIM, app->processes.items[0]);
    for (size_t i = 0; i < rows && 1 + app->scroll + i < count; i++)
        draw_text(area, (int)i + 1, 1, STYLE_PLAIN, app->processes.items[1 + app->scroll + i]);
}

static void fetch(struct app *app) {
    _cleanup_(capture_done) struct capture capture = {0};
    _cleanup_(error_done) struct error err = {0};
    _cleanup_free_ char *name = str_copy(app->shown);
    /* in words that procps and busybox both know */
    char *command[] = {"ps", "-o", "pid,user,time,args", "-e", NULL}, *plain[] = {"ps", NULL};
    struct exec_request request = {.command = command};
    const struct store_row *row = app_row(app);
    if (!row || !str_equal(row->session.status, "Running"))
        return;
    bool good = exec_capture(app->client, name, &request, OUTPUT_LIMIT, &capture, &err);
    if (good && capture.status != 0) {
        capture_done(&capture);
        request.command = plain;
        good = exec_capture(app->client, name, &request, OUTPUT_LIMIT, &capture, &err);
    }
    if (!str_equal(name, app->shown))
        return;
    strings_done(&app->processes);
    _cleanup_free_ char *text =
        str_copy(good && capture.out.data ? capture.out.data : "its image has no ps\n");
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            strings_add(&app->processes, line);
}

const struct tab_view tab_processes = {.title = "Processes", .draw = draw, .fetch = fetch, .live = true};
