#include "watch/glance.h"

#include "base/time.h"
#include "launch/plan.h"
#include "session/tmux.h"
#include "watch/watches.h"

#include <string.h>

#define AT_ONCE    8
#define TIMEOUT_MS 2000
#define LIMIT      (256u << 10)

struct glancing;

struct asked {
    struct glancing *glancing;
    const struct session *session;
    struct activity *activity;
    struct exec *exec;
    struct buffer out;
};

struct glancing {
    struct timer *timer; /* NULL: it is over */
    struct incus *client;
    const struct settings *settings;
    struct asked *asked;
    size_t count, next, under_way;
    bool done;
};

static void begin_some(struct glancing *glancing);

static void output(void *data, int stream, const void *bytes, size_t size) {
    struct asked *asked = data;
    if (stream == 1 && asked->out.size < LIMIT)
        buffer_add(&asked->out, bytes, size);
}

static void finished(void *data, int status, struct error *err) {
    struct asked *asked = data;
    if (status == 0 && err->class == ERROR_NONE && asked->out.data)
        activity_take_lines(asked->activity, asked->out.data, time_now_ms());
    asked->glancing->under_way--;
    begin_some(asked->glancing);
}

static void begin(struct asked *asked) {
    static const struct exec_handler handler = {.output = output, .finished = finished};
    const struct session *session = asked->session;
    _cleanup_free_ char *tmux = tmux_session(session->name), *target = str_printf("=%s:", tmux);
    _cleanup_(strings_done) struct strings command = {0};
    if (session->no_root)
        plan_add_no_root(&command);
    _cleanup_free_ char *format = activity_format("\n");
    strings_add_all(&command, "tmux", "-u", "list-panes", "-s", "-t", target, "-F", format, NULL);
    struct idmap_ids code = session_code(session, asked->glancing->settings);
    struct exec_request request = {.command = command.items, .uid = code.uid, .gid = code.gid, .cwd = "/"};
    asked->glancing->under_way++;
    asked->exec = exec_start(asked->glancing->client, session->name, &request, &handler, asked);
    exec_release(asked->exec);
    exec_end_input(asked->exec);
}

static void begin_some(struct glancing *glancing) {
    while (glancing->under_way < AT_ONCE && glancing->next < glancing->count)
        begin(&glancing->asked[glancing->next++]);
    if (glancing->under_way == 0)
        glancing->done = true;
}

static void too_long(void *data) {
    struct glancing *glancing = data;
    glancing->timer = NULL;
    glancing->next = glancing->count;
    glancing->done = true;
}

bool glance(struct incus *client, const struct settings *settings, const struct session_list *sessions,
            struct activity *activities, struct error *err) {
    struct glancing glancing = {.client = client, .settings = settings};
    glancing.asked = mem_new((sessions->count + 1) * sizeof *glancing.asked);
    for (size_t i = 0; i < sessions->count; i++)
        if (watches_can(&sessions->items[i]))
            glancing.asked[glancing.count++] = (struct asked){
                .glancing = &glancing, .session = &sessions->items[i], .activity = &activities[i]};
    begin_some(&glancing);
    glancing.timer = loop_timer(incus_loop(client), TIMEOUT_MS, too_long, &glancing);
    bool good = loop_run(incus_loop(client), &glancing.done, err);
    timer_stop(glancing.timer);
    for (size_t i = 0; i < glancing.count; i++) {
        exec_free(glancing.asked[i].exec);
        buffer_done(&glancing.asked[i].out);
    }
    free(glancing.asked);
    return good;
}
