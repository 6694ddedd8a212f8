/* The processes of the container, as its own ps tells them. */
#include "incus/capture.h"
#include "ui/view/host.h"

#include <string.h>

#define OUTPUT_LIMIT (128u << 10)

struct processes {
    struct host *host;
    struct strings lines; /* the heading first */
    size_t scroll;        /* lines down from the first */
};

static void *enter(struct host *host, const void *argument) {
    struct processes *processes = mem_new(sizeof *processes);
    (void)argument;
    processes->host = host;
    return processes;
}

static void forget(void *state) {
    struct processes *processes = state;
    strings_done(&processes->lines);
    processes->scroll = 0;
}

static void leave(void *state) {
    forget(state);
    free(state);
}

static void draw(void *state, struct area area) {
    struct processes *processes = state;
    if (host_row(processes->host) && !host_row_runs(processes->host)) {
        draw_text(area, 0, 1, STYLE_DIM, "not running: there are none");
        return;
    }
    size_t rows = area.rows > 1 ? (size_t)area.rows - 1 : 0, count = processes->lines.count;
    if (count == 0)
        return;
    size_t most = count - 1 > rows ? count - 1 - rows : 0;
    if (processes->scroll > most)
        processes->scroll = most;
    draw_text(area, 0, 1, STYLE_DIM, processes->lines.items[0]);
    for (size_t i = 0; i < rows && 1 + processes->scroll + i < count; i++)
        draw_text(area, (int)i + 1, 1, STYLE_PLAIN, processes->lines.items[1 + processes->scroll + i]);
}

static void scroll(void *state, int lines) {
    struct processes *processes = state;
    processes->scroll = -lines > (int)processes->scroll ? 0 : (size_t)((int)processes->scroll + lines);
}

/* In words that procps and busybox both know. */
static bool ask(struct incus *client, const char *name, struct capture *capture, struct error *err) {
    char *command[] = {"ps", "-o", "pid,user,time,args", "-e", NULL}, *plain[] = {"ps", NULL};
    struct exec_request request = {.command = command};
    if (!exec_capture(client, name, &request, OUTPUT_LIMIT, capture, err))
        return false;
    if (capture->status == 0)
        return true;
    capture_done(capture);
    request.command = plain;
    return exec_capture(client, name, &request, OUTPUT_LIMIT, capture, err);
}

static void fetch(void *state) {
    struct processes *processes = state;
    struct host *host = processes->host;
    _cleanup_(capture_done) struct capture capture = {0};
    _cleanup_(error_done) struct error err = {0};
    if (!host_row_runs(host))
        return;
    _cleanup_free_ char *name = str_copy(host->shown);
    bool good = ask(host_client(host, name), daemons_name(name), &capture, &err);
    if (!str_equal(name, host->shown))
        return;
    strings_done(&processes->lines);
    _cleanup_free_ char *text =
        str_copy(good && capture.out.data ? capture.out.data : "its image has no ps\n");
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));)
        if (*line)
            strings_add(&processes->lines, line);
}

static bool live(const void *state) {
    const struct processes *processes = state;
    return host_row_runs(processes->host);
}

const struct view view_processes = {.title = "Processes",
                                    .enter = enter,
                                    .leave = leave,
                                    .draw = draw,
                                    .scroll = scroll,
                                    .forget = forget,
                                    .fetch = fetch,
                                    .live = live};
