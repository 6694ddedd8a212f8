#include "cli/follow.h"

#include "base/process.h"
#include "incus/event.h"
#include "workspace/name.h"

#define AGAIN_MS 1000

static void something(void *data, const char *name) {
    struct follow *follow = data;
    (void)name;
    follow->wake = true;
}

static void event(void *data, const char *type, const json_t *metadata) {
    struct follow *follow = data;
    if (!str_equal(type, "lifecycle"))
        return;
    _cleanup_free_ char *executed = event_executed(metadata);
    if (executed)
        watches_poke(follow->watches, executed);
    else if (event_changes_instance(metadata))
        follow->reload = follow->wake = true;
}

static void opened(void *data) {
    struct follow *follow = data;
    follow->reload = follow->wake = true;
}

static void closed(void *data, struct error *err) {
    struct follow *follow = data;
    (void)err;
    follow->away = follow->lost = follow->wake = true;
}

static void connect_now(struct follow *follow) {
    static const struct events_handler handler = {.event = event, .opened = opened, .closed = closed};
    events_free(follow->events);
    follow->events = events_open(follow->cli->client, "lifecycle", &handler, follow);
    follow->away = false;
}

static bool is_meant(const struct follow *follow, const char *name) {
    return !follow->names || follow->names->count == 0 || strings_has(follow->names, name);
}

/* Asks which sessions there are, and has those that are meant watched. */
static bool load(struct follow *follow, struct error *err) {
    struct session_list before = follow->sessions;
    size_t count = 0;
    follow->reload = false;
    follow->sessions = (struct session_list){0};
    if (!session_list_load(follow->cli->client, follow->prefix, false, &follow->sessions, err)) {
        session_list_done(&follow->sessions);
        follow->sessions = before;
        return false;
    }
    session_list_done(&before);
    _cleanup_free_ const struct session **meant = mem_new((follow->sessions.count + 1) * sizeof *meant);
    for (size_t i = 0; i < follow->sessions.count; i++)
        if (is_meant(follow, follow->sessions.items[i].name))
            meant[count++] = &follow->sessions.items[i];
    watches_want(follow->watches, meant, count, NULL);
    if (follow->lost)
        watches_again(follow->watches);
    follow->lost = false;
    return true;
}

bool follow_begin(struct cli *cli, const struct strings *names, struct follow *follow, struct error *err) {
    static const struct watches_handler handler = {something, something};
    *follow = (struct follow){.cli = cli, .names = names, .prefix = name_prefix(err)};
    if (!follow->prefix || !cli_connect(cli, err))
        return false;
    process_more_descriptors();
    follow->watches = watches_new(cli->client, &cli->settings, &handler, follow);
    loop_interruptible(cli->loop, true);
    if (!load(follow, err))
        return false;
    connect_now(follow);
    return true;
}

const struct session *follow_running(const struct follow *follow, const char *name) {
    for (size_t i = 0; i < follow->sessions.count; i++)
        if (str_equal(follow->sessions.items[i].name, name) &&
            str_equal(follow->sessions.items[i].status, "Running"))
            return &follow->sessions.items[i];
    return NULL;
}

void follow_done(struct follow *follow) {
    timer_stop(follow->timer);
    events_free(follow->events);
    watches_free(follow->watches);
    session_list_done(&follow->sessions);
}

static void due(void *data) {
    struct follow *follow = data;
    follow->timer = NULL;
    follow->wake = true;
}

bool follow_wait(struct follow *follow, int64_t milliseconds, struct error *err) {
    struct loop *loop = follow->cli->loop;
    bool was_away = follow->away;
    if (was_away && (milliseconds == 0 || milliseconds > AGAIN_MS))
        milliseconds = AGAIN_MS;
    if (milliseconds > 0)
        follow->timer = loop_timer(loop, (long)milliseconds, due, follow);
    bool good = loop_run(loop, &follow->wake, err);
    timer_stop(follow->timer);
    follow->timer = NULL;
    follow->wake = false;
    _cleanup_(error_done) struct error ignored = {0};
    if (good && was_away)
        connect_now(follow);
    else if (good && follow->reload && !load(follow, &ignored))
        follow->away = true; /* it is asked again later; the last list stands */
    return good;
}
