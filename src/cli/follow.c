#include "cli/follow.h"

#include "base/process.h"
#include "incus/event.h"
#include "workspace/name.h"

#include <string.h>

#define AGAIN_MS 1000

static void something(void *data, const char *name) {
    struct follow *follow = data;
    (void)name;
    follow->wake = true;
}

/* "/1.0/instances/NAME?…" */
static void poke(const struct follow *follow, const char *source) {
    static const char begin[] = "/1.0/instances/";
    if (!str_starts(source, begin))
        return;
    const char *from = source + strlen(begin);
    _cleanup_free_ char *name = str_copy_n(from, strcspn(from, "?/"));
    watches_poke(follow->watches, name);
}

static void event(void *data, const char *type, const json_t *metadata) {
    struct follow *follow = data;
    const char *action = json_str_at(metadata, "action");
    if (!str_equal(type, "lifecycle") || !str_starts(action, "instance-"))
        return;
    if (str_equal(action, "instance-exec"))
        poke(follow, json_str_at(metadata, "source"));
    else
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

/* A daemon that cannot be asked is asked again later; the last list stands. */
static void load(struct follow *follow) {
    _cleanup_(session_list_done) struct session_list sessions = {0};
    _cleanup_(error_done) struct error ignored = {0};
    follow->reload = false;
    if (!session_list_load(follow->cli->client, follow->prefix, false, &sessions, &ignored)) {
        follow->away = true;
        return;
    }
    struct session_list before = follow->sessions;
    follow->sessions = sessions;
    sessions = before;
    follow->listed = true;
    _cleanup_free_ const struct session **meant = mem_new((follow->sessions.count + 1) * sizeof *meant);
    size_t count = 0;
    for (size_t i = 0; i < follow->sessions.count; i++)
        if (is_meant(follow, follow->sessions.items[i].name))
            meant[count++] = &follow->sessions.items[i];
    watches_want(follow->watches, meant, count, NULL);
    if (follow->lost)
        watches_again(follow->watches);
    follow->lost = false;
}

bool follow_begin(struct cli *cli, const struct strings *names, struct follow *follow, struct error *err) {
    static const struct watches_handler handler = {something, something};
    *follow = (struct follow){.cli = cli, .names = names, .prefix = name_prefix(err)};
    if (!follow->prefix || !cli_connect(cli, err))
        return false;
    process_more_descriptors();
    follow->watches = watches_new(cli->client, &cli->settings, &handler, follow);
    loop_interruptible(cli->loop, true);
    if (!session_list_load(cli->client, follow->prefix, false, &follow->sessions, err))
        return false;
    connect_now(follow);
    return true;
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
    if (good && was_away)
        connect_now(follow);
    else if (good && follow->reload)
        load(follow);
    return good;
}
