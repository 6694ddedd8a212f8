#include "watch/watch.h"

#include "base/time.h"
#include "launch/plan.h"
#include "watch/control.h"
#include "watch/scan.h"

#include <stdio.h>
#include <string.h>

/* More output than this within so long is a flood. */
#define FLOOD_BYTES (32u << 10)
#define FLOOD_MS    100
/* How often a flood is looked at; it is over when nothing was written for so long. */
#define FLOODING_MS   1000
#define FLOOD_OVER_MS 1900
/* That there is output is told so often at the most; bells and the like at once. */
#define TELL_MS        500
#define WORDS_LIMIT    2000
#define STATUS_NO_TMUX 61

enum asked { FOR_NOTHING, FOR_PANES, FOR_SIZE, FOR_CONTENTS, FOR_HISTORY };
#define QUESTIONS_MAX 64

struct session_watch {
    struct incus *client;
    struct exec *exec;
    struct control control;
    const struct session_watch_handler *handler;
    void *data;
    char *target; /* "=coi-NAME:" */
    struct activity activity;
    struct scan scan;
    char scanned[16];     /* the pane whose output that was */
    struct buffer words;  /* of stderr */
    struct timer *ending; /* the stream has ended, `why` */
    int64_t told_at;      /* when the handler was last told, as loop_now() */

    size_t first, count; /* of what was asked, in its order; a ring */
    enum asked asked[QUESTIONS_MAX];

    int64_t window_at; /* of the flood's measure, as loop_now() */
    size_t window_bytes;
    struct timer *flooding;

    struct contents contents;
    bool viewed; /* they are wanted, from when the stream has begun */
    watch_history_fn *history_came;
    void *history_data;

    enum watch_end why;
    bool greeted; /* the stream has begun */
    bool told_to_leave;
    bool news; /* the output has brought some */
};

static void send_line(struct session_watch *watch, enum asked question, const char *line) {
    if (watch->count == QUESTIONS_MAX)
        return; /* nothing is answered: the stream is dead, and its end will come */
    watch->asked[(watch->first + watch->count++) % QUESTIONS_MAX] = question;
    exec_write(watch->exec, line, strlen(line));
    exec_write(watch->exec, "\n", 1);
}

static void send_format(struct session_watch *watch, enum asked question, const char *format, ...)
    printf_like(3, 4);
static void send_format(struct session_watch *watch, enum asked question, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    _cleanup_free_ char *line = str_vprintf(format, arguments);
    va_end(arguments);
    send_line(watch, question, line);
}

static void changed(struct session_watch *watch) {
    watch->told_at = loop_now();
    watch->handler->changed(watch->data);
}

/*
 * A bell's time is kept in an option of the pane: it rings while output is off, too, and whoever asks later
 * can be told. The number is ours in the list of hooks: others' stay.
 */
static void subscribe(struct session_watch *watch) {
    send_line(watch, FOR_NOTHING,
              "set-hook -g alert-bell[8397] 'set-option -pF " TMUX_BELL_OPTION " \"#{window_activity}\"'");
    for (const struct activity_format *format = activity_formats; format->name; format++) {
        send_format(watch, FOR_NOTHING, "refresh-client -B '%s:%%*:%s'", format->name, format->format);
    }
}

/* Of all panes that there are, a line for each value. */
static void ask_panes(struct session_watch *watch) {
    _cleanup_free_ char *format = activity_format("\\n");
    send_format(watch, FOR_PANES, "list-panes -s -t %s -F \"%s\"", watch->target, format);
}

static void ask_contents(void *data) {
    struct session_watch *watch = data;
    send_format(watch, FOR_SIZE, "display-message -p -t %s '" CONTENTS_SIZE "'", watch->target);
    send_format(watch, FOR_CONTENTS, "capture-pane -e -p -N -t %s", watch->target);
}

static void flood_due(void *data) {
    struct session_watch *watch = data;
    watch->flooding = NULL;
    if (time_now_ms() - activity_last_output(&watch->activity) >= FLOOD_OVER_MS) {
        watch->contents.held = false;
        send_line(watch, FOR_NOTHING, "refresh-client -f '!no-output'");
        contents_spoil(&watch->contents);
        return;
    }
    contents_ask(&watch->contents);
    watch->flooding = loop_timer(incus_loop(watch->client), FLOODING_MS, flood_due, watch);
}

static void stem(struct session_watch *watch) {
    if (watch->flooding)
        return;
    watch->contents.held = true;
    send_line(watch, FOR_NOTHING, "refresh-client -f no-output");
    watch->flooding = loop_timer(incus_loop(watch->client), FLOODING_MS, flood_due, watch);
}

static void rang(void *data) {
    struct session_watch *watch = data;
    activity_bell(&watch->activity, watch->scanned, time_now_ms());
    watch->news = true;
}

static void notified(void *data, const char *text) {
    struct session_watch *watch = data;
    activity_notify(&watch->activity, text, time_now_ms());
    watch->news = true;
}

static void prompted(void *data, int status) {
    struct session_watch *watch = data;
    activity_prompt(&watch->activity, watch->scanned, status, time_now_ms());
    watch->news = true;
}

static void take_output(void *data, const char *pane, const char *bytes, size_t size) {
    static const struct scan_handler handler = {rang, notified, prompted};
    struct session_watch *watch = data;
    int64_t now = loop_now();
    if (now - watch->window_at > FLOOD_MS) {
        watch->window_at = now;
        watch->window_bytes = 0;
    }
    watch->window_bytes += size;
    if (watch->window_bytes > FLOOD_BYTES)
        stem(watch);
    if (!str_equal(pane, watch->scanned)) {
        watch->scan = (struct scan){0};
        snprintf(watch->scanned, sizeof watch->scanned, "%s", pane);
    }
    activity_output(&watch->activity, pane, time_now_ms());
    watch->news = false;
    scan_feed(&watch->scan, bytes, size, &handler, watch);
    contents_spoil(&watch->contents);
    if (watch->news || now - watch->told_at >= TELL_MS)
        changed(watch);
}

static void take_value(void *data, const char *pane, const char *name, const char *value) {
    struct session_watch *watch = data;
    activity_take(&watch->activity, pane, name, value, time_now_ms());
    changed(watch);
}

static void take_history(struct session_watch *watch, const char *text) {
    watch_history_fn *came = watch->history_came;
    watch->history_came = NULL;
    if (came)
        came(watch->history_data, text);
}

static void take_reply(void *data, bool good, const char *text, size_t size) {
    struct session_watch *watch = data;
    if (watch->count == 0)
        return; /* more answers than questions: they are not ours */
    enum asked question = watch->asked[watch->first];
    watch->first = (watch->first + 1) % QUESTIONS_MAX;
    watch->count--;
    _cleanup_free_ char *copy = str_copy_n(text, size);
    if (question == FOR_PANES && good) {
        activity_take_lines(&watch->activity, copy, time_now_ms());
        changed(watch);
    } else if (question == FOR_SIZE) {
        contents_take_size(&watch->contents, good ? copy : "");
    } else if (question == FOR_CONTENTS && contents_take(&watch->contents, good ? copy : NULL)) {
        watch->handler->contents(watch->data);
    } else if (question == FOR_HISTORY) {
        take_history(watch, good ? copy : NULL);
    }
}

static void layout_changed(void *data) {
    struct session_watch *watch = data;
    if (!watch->greeted) {
        watch->greeted = true;
        subscribe(watch);
        contents_want(&watch->contents, watch->viewed);
    }
    ask_panes(watch);
    contents_spoil(&watch->contents);
}

static void was_paused(void *data, const char *pane) {
    struct session_watch *watch = data;
    stem(watch);
    if (pane[0] == '%' && pane[1] && pane[1 + strspn(pane + 1, "0123456789")] == 0)
        send_format(watch, FOR_NOTHING, "refresh-client -A '%s:continue'", pane);
}

static void left(void *data, const char *reason) {
    struct session_watch *watch = data;
    (void)reason;
    watch->told_to_leave = true;
}

static void end_due(void *data) {
    struct session_watch *watch = data;
    watch->ending = NULL;
    if (watch->why == WATCH_ENDED) {
        activity_end(&watch->activity, time_now_ms());
        changed(watch);
    }
    watch->handler->ended(watch->data, watch->why);
}

/* From the loop, where the watch may be stopped. */
static void end(struct session_watch *watch, enum watch_end why) {
    if (watch->why != WATCH_GOES_ON)
        return;
    watch->why = why;
    watch->ending = loop_timer(incus_loop(watch->client), 0, end_due, watch);
}

static void came(void *data, int stream, const void *bytes, size_t size) {
    struct session_watch *watch = data;
    if (stream == 2) {
        buffer_add(&watch->words, bytes, watch->words.size < WORDS_LIMIT ? size : 0);
        return;
    }
    if (watch->why == WATCH_GOES_ON && !control_feed(&watch->control, bytes, size))
        end(watch, WATCH_NO_TMUX);
}

/* Of the second client's status 127 is its shell's: it did not find tmux. The daemon has words for that
 * number (see exec_status_of_words()), so the script says another. */
static enum watch_end why_ended(const struct session_watch *watch, int status, const struct error *err) {
    const char *words = watch->words.data ? watch->words.data : "";
    if (watch->greeted || watch->told_to_leave)
        return err->class == ERROR_NONE ? WATCH_ENDED : WATCH_LOST;
    if (err->class != ERROR_NONE)
        return WATCH_LOST;
    return status == STATUS_NO_TMUX || strstr(words, "not found") || strstr(words, "usage:") ||
                   strstr(words, "unknown") || strstr(words, "illegal")
               ? WATCH_NO_TMUX
               : WATCH_NO_SESSION;
}

static void finished(void *data, int status, struct error *err) {
    struct session_watch *watch = data;
    end(watch, why_ended(watch, status, err));
}

/*
 * A server is never started: one before the container has booted would have its socket taken away
 * (tmux_start()). The first client's stdout is ours; its end of the pipe between the two is closed when it
 * ends, and with that the second one's input.
 */
static const char script[] =
    "exec 3>&1; tmux -N -u -C attach-session -f read-only,ignore-size,pause-after=2 -t \"$1\" 4>&1 >&3 | "
    "exec tmux -N -C attach-session -f read-only,ignore-size,no-output -t \"$1\" >/dev/null 2>&1 3>&-\n"
    "[ $? != 127 ] || exit 61";

struct session_watch *session_watch_start(const struct inside *inside,
                                          const struct session_watch_handler *handler, void *data) {
    static const struct control_handler control = {take_output,    take_value, take_reply,
                                                   layout_changed, was_paused, left};
    static const struct exec_handler streams = {.output = came, .finished = finished};
    struct session_watch *watch = mem_new(sizeof *watch);
    _cleanup_free_ char *session = tmux_session(inside->name), *exactly = str_printf("=%s", session);
    _cleanup_(strings_done) struct strings command = {0};
    *watch = (struct session_watch){.client = inside->client, .handler = handler, .data = data};
    watch->target = str_printf("=%s:", session);
    watch->contents =
        (struct contents){.loop = incus_loop(inside->client), .ask = ask_contents, .data = watch};
    watch->control = (struct control){.handler = &control, .data = watch};
    if (inside->no_root)
        plan_add_no_root(&command);
    strings_add_all(&command, "sh", "-c", script, "sh", exactly, NULL);
    struct exec_request request = {
        .command = command.items, .uid = inside->code.uid, .gid = inside->code.gid, .cwd = "/"};
    watch->exec = exec_start(inside->client, inside->name, &request, &streams, watch);
    exec_release(watch->exec);
    return watch;
}

void session_watch_stop(struct session_watch *watch) {
    if (!watch)
        return;
    take_history(watch, NULL); /* nobody waits for it in vain */
    exec_free(watch->exec);
    timer_stop(watch->flooding);
    timer_stop(watch->ending);
    control_done(&watch->control);
    activity_done(&watch->activity);
    buffer_done(&watch->words);
    contents_done(&watch->contents);
    free(watch->target);
    free(watch);
}

struct activity *session_watch_activity(struct session_watch *watch) {
    return &watch->activity;
}

bool session_watch_looked(struct session_watch *watch) {
    if (!activity_look(&watch->activity, time_now_ms()))
        return false;
    for (size_t i = 0; i < watch->activity.count && watch->greeted; i++)
        send_format(watch, FOR_NOTHING, "set-option -pu -t %s " TMUX_BELL_OPTION,
                    watch->activity.panes[i].id);
    return true;
}

void session_watch_view(struct session_watch *watch, bool wanted) {
    watch->viewed = wanted;
    if (watch->greeted)
        contents_want(&watch->contents, wanted);
}

const struct watch_contents *session_watch_contents(const struct session_watch *watch) {
    return watch->contents.shown.text ? &watch->contents.shown : NULL;
}

bool session_watch_history(struct session_watch *watch, size_t lines, watch_history_fn *function,
                           void *data) {
    bool asks = function && !watch->history_came && watch->greeted && watch->count < QUESTIONS_MAX - 4;
    if (function && !asks)
        return false;
    watch->history_came = function;
    watch->history_data = data;
    if (asks)
        send_format(watch, FOR_HISTORY, "capture-pane -e -p -N -S -%zu -t %s", lines, watch->target);
    return asks;
}
