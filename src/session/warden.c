#include "session/warden.h"

#include "incus/exec.h"

#define DELAY_MS 1000

struct warden {
    struct incus *client;
    char *instance;
    struct timer *delay;
    struct exec *exec;
};

/*
 * The daemon kills the process that it started when the control stream is lost: what waits is a child of
 * it, which only sees the end of its input.
 */
static char *const command[] = {"sh", "-c",
                                "exec 3<&0\n" /* what runs in the background gets no input but this */
                                "{ while read -r _; do :; done; poweroff -f || systemctl poweroff -ff || "
                                "halt -f; } <&3 >/dev/null 2>&1 & wait",
                                NULL};

static void output(void *data, int stream, const void *bytes, size_t size) {
    (void)data, (void)stream, (void)bytes, (void)size;
}

/* Without it there is the reaper. */
static void finished(void *data, int status, struct error *err) {
    (void)data, (void)status, (void)err;
}

static void due(void *data) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    struct warden *warden = data;
    struct exec_request request = {.command = command, .cwd = "/"};
    warden->delay = NULL;
    warden->exec = exec_start(warden->client, warden->instance, &request, &handler, warden);
    exec_release(warden->exec);
}

struct warden *warden_start(struct incus *client, const char *instance) {
    struct warden *warden = mem_new(sizeof *warden);
    *warden = (struct warden){.client = client, .instance = str_copy(instance)};
    warden->delay = loop_timer(incus_loop(client), DELAY_MS, due, warden);
    return warden;
}

void warden_free(struct warden *warden) {
    if (!warden)
        return;
    timer_stop(warden->delay);
    exec_free(warden->exec);
    free(warden->instance);
    free(warden);
}
