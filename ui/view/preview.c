/* What the session's terminal shows at this moment: tmux keeps it, and is asked without attaching. */
#include "incus/capture.h"
#include "ui/terminal/sgr.h"
#include "ui/view/host.h"

#include <string.h>

#define OUTPUT_LIMIT (256u << 10)

struct preview {
    struct host *host;
    struct strings lines; /* with their escape sequences */
    size_t scroll;        /* lines up from the end */
};

static void *enter(struct host *host, const void *argument) {
    struct preview *preview = mem_new(sizeof *preview);
    (void)argument;
    preview->host = host;
    return preview;
}

static void forget(void *state) {
    struct preview *preview = state;
    strings_done(&preview->lines);
    preview->scroll = 0;
}

static void leave(void *state) {
    forget(state);
    free(state);
}

static void draw(void *state, struct area area) {
    struct preview *preview = state;
    struct sgr sgr = {0};
    if (host_row(preview->host) && !host_row_runs(preview->host)) {
        draw_text(area, 0, 1, STYLE_DIM, "not running: there is nothing to show");
        return;
    }
    /* the end of it is what one waits for */
    size_t rows = (size_t)area.rows, count = preview->lines.count;
    size_t most = count > rows ? count - rows : 0;
    if (preview->scroll > most)
        preview->scroll = most;
    size_t first = most - preview->scroll;
    for (size_t i = 0; i < count && i < first + rows; i++)
        sgr_draw(&sgr, area, (int)i - (int)first, preview->lines.items[i]);
}

static void scroll(void *state, int lines) {
    struct preview *preview = state;
    preview->scroll = lines > (int)preview->scroll ? 0 : (size_t)((int)preview->scroll - lines);
}

static void take_lines(struct strings *lines, const struct capture *capture) {
    _cleanup_free_ char *text = str_copy(capture->out.data ? capture->out.data : "");
    char *rest = text;
    strings_done(lines);
    for (char *line; (line = strsep(&rest, "\n"));)
        strings_add(lines, line);
    while (lines->count && !*lines->items[lines->count - 1]) {
        free(lines->items[--lines->count]);
        lines->items[lines->count] = NULL;
    }
}

static void fetch(void *state) {
    struct preview *preview = state;
    struct host *host = preview->host;
    _cleanup_(capture_done) struct capture capture = {0};
    _cleanup_(error_done) struct error err = {0};
    const struct store_row *row = host_row(host);
    if (!row || row->session.foreign || !host_row_runs(host))
        return;
    _cleanup_free_ char *name = str_copy(host->shown), *session = tmux_session(name),
                        *exactly = str_printf("=%s:", session);
    char *command[] = {"tmux", "-u", "capture-pane", "-e", "-p", "-t", exactly, NULL};
    struct idmap_ids code = session_code(&row->session, host->settings);
    struct exec_request request = {.command = command, .uid = code.uid, .gid = code.gid};
    bool good = exec_capture(host->client, name, &request, OUTPUT_LIMIT, &capture, &err);
    if (!str_equal(name, host->shown))
        return;
    if (good && capture.status == 0) {
        take_lines(&preview->lines, &capture);
        return;
    }
    strings_done(&preview->lines);
    strings_add(&preview->lines, "no tmux session in it: enter starts one");
}

static bool live(const void *state) {
    const struct preview *preview = state;
    return host_row_runs(preview->host);
}

const struct view view_preview = {.title = "Preview",
                                  .enter = enter,
                                  .leave = leave,
                                  .draw = draw,
                                  .scroll = scroll,
                                  .forget = forget,
                                  .fetch = fetch,
                                  .live = live};
