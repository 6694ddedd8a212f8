/* A line that is typed into sessions without attaching, written in the last row. */
#include "session/type.h"
#include "ui/terminal/field.h"
#include "ui/view/host.h"

struct talk {
    struct host *host;
    struct strings names;
    struct field line;
};

/* The argument is the names of the sessions (struct strings). */
static void *enter(struct host *host, const void *argument) {
    const struct strings *names = argument;
    struct talk *talk = mem_new(sizeof *talk);
    talk->host = host;
    for (size_t i = 0; i < names->count; i++)
        strings_add(&talk->names, names->items[i]);
    field_set(&talk->line, "");
    return talk;
}

static void leave(void *state) {
    struct talk *talk = state;
    strings_done(&talk->names);
    field_done(&talk->line);
    free(talk);
}

static void draw(void *state, struct area area) {
    const struct talk *talk = state;
    const struct store_row *row = daemons_find(&talk->host->daemons, talk->names.items[0]);
    _cleanup_free_ char *path = draw_path(row ? row->session.workspace : ""),
                        *who = talk->names.count == 1
                                   ? str_printf("type into %s %s", talk->names.items[0], path)
                                   : str_printf("type into %zu sessions", talk->names.count);
    if (area.rows > 2) {
        draw_bar(area, area.rows - 2, STYLE_PLAIN);
        draw_format(area, area.rows - 2, 1, STYLE_DIM, "%s   enter sends  Ctrl-c sends Ctrl-c  esc leaves",
                    who);
    }
    field_draw_line(&talk->line, "> ", area);
}

struct sending {
    struct host *host;
    struct strings names;
    char *text; /* NULL: Ctrl-C */
};

static bool send_one(const struct sending *sending, const char *name) {
    struct host *host = sending->host;
    const struct store_row *row = daemons_find(&host->daemons, name);
    _cleanup_(error_done) struct error err = {0};
    if (!row || !watches_can(&row->session)) {
        host->say(host, STYLE_WARNING, "%s: nothing can be typed into it", name);
        return false;
    }
    _cleanup_free_ char *own = str_copy(name); /* the row may go while we wait */
    struct inside inside = {.client = host_client(host, own),
                            .name = daemons_name(own),
                            .code = session_code(&row->session, host->settings),
                            .no_root = row->session.no_root};
    bool good = sending->text ? type_line(&inside, sending->text, &err) : type_interrupt(&inside, &err);
    if (good)
        log_add(host->log, LOG_NOTE, "sent to %s: %s", own, sending->text ? sending->text : "Ctrl-c");
    else
        host->error(host, &err);
    return good;
}

static bool confirm(const struct sending *sending) {
    struct host *host = sending->host;
    _cleanup_(strings_done) struct strings details = {0};
    if (sending->names.count == 1)
        return true;
    for (size_t i = 0; i < sending->names.count; i++) {
        const struct store_row *row = daemons_find(&host->daemons, sending->names.items[i]);
        _cleanup_free_ char *path = draw_path(row ? row->session.workspace : "gone");
        strings_printf(&details, "%s %s", sending->names.items[i], path);
    }
    _cleanup_free_ char *question = str_printf(
        "Type \"%s\" into %zu sessions?", sending->text ? sending->text : "Ctrl-c", sending->names.count);
    return host->ask(host, question, &details);
}

static void send_task(void *data) {
    struct sending *sending = data;
    struct host *host = sending->host;
    size_t good = 0;
    loop_interruptible(host->loop, true);
    if (confirm(sending)) {
        for (size_t i = 0; i < sending->names.count && !host->over; i++)
            good += send_one(sending, sending->names.items[i]);
        if (!host->over && good == sending->names.count)
            host->say(host, STYLE_GOOD, "sent to %zu session%s", good, good == 1 ? "" : "s");
    }
    strings_done(&sending->names);
    free(sending->text);
    free(sending);
}

static void send_text(struct talk *talk, const char *text) {
    struct sending *sending = mem_new(sizeof *sending);
    *sending = (struct sending){.host = talk->host, .names = talk->names, .text = str_copy(text)};
    talk->names = (struct strings){0};
    task_start(talk->host->loop, send_task, sending);
    talk->host->close(talk->host, talk);
}

static void key(void *state, const struct key *key) {
    struct talk *talk = state;
    if (key->code == UI_ESCAPE)
        talk->host->close(talk->host, talk);
    else if (key->code == UI_CTRL('c'))
        send_text(talk, NULL);
    else if (key->code == UI_ENTER && !key->pasted)
        send_text(talk, field_text(&talk->line));
    else
        field_key(&talk->line, key);
}

const struct view view_talk = {.enter = enter, .leave = leave, .draw = draw, .key = key};
