/* `berth watch`: a line for each change of what sessions are at. */
#include "base/time.h"
#include "cli/flags.h"
#include "cli/follow.h"

#include <time.h>

/* What was printed of each session last. */
struct printed {
    struct strings names, lines;
};

static const char *printed_of(const struct printed *printed, const char *name) {
    for (size_t i = 0; i < printed->names.count; i++)
        if (str_equal(printed->names.items[i], name))
            return printed->lines.items[i];
    return NULL;
}

static void set_printed(struct printed *printed, const char *name, const char *line) {
    for (size_t i = 0; i < printed->names.count; i++)
        if (str_equal(printed->names.items[i], name)) {
            str_set(&printed->lines.items[i], line);
            return;
        }
    strings_add(&printed->names, name);
    strings_add(&printed->lines, line);
}

/* What makes it another line: the program and the words, not the title, which may be a clock. Caller owns.
 */
static char *line_of(const struct activity *activity, int64_t now) {
    enum activity_status status = activity_status(activity, now, NULL);
    const char *program = activity_program(activity);
    _cleanup_free_ char *reason =
        status == ACTIVITY_QUIET ? str_copy("quiet") : activity_reason(activity, now);
    if (status == ACTIVITY_BELL && !str_equal(reason, "bell"))
        return str_printf("bell: %s", reason);
    bool plain = status == ACTIVITY_WORKING || status == ACTIVITY_QUIET;
    return plain && *program ? str_printf("%s (%s)", reason, program) : str_copy(reason);
}

static bool print_line(const struct cli *cli, const struct session *session, const char *name,
                       const struct activity *activity, const char *line, struct error *err) {
    int64_t now = time_now_ms();
    if (cli_wants_json(cli)) {
        _cleanup_json_ json_t *json = activity_json(activity, now);
        json_object_set_new(json, "name", json_string(name));
        json_object_set_new(json, "workspace", json_text(session ? session->workspace : ""));
        json_object_set_new(json, "time", json_real((double)now / 1000));
        if (!activity)
            json_object_set_new(json, "activity", json_string(line));
        _cleanup_free_ char *text = json_dumps(json, JSON_COMPACT), *whole = str_printf("%s\n", text);
        return cli_print(whole, err);
    }
    char clock[16];
    time_t seconds = now / 1000;
    struct tm tm;
    strftime(clock, sizeof clock, "%H:%M:%S", localtime_r(&seconds, &tm));
    _cleanup_free_ char *whole = str_printf("%s %s %s\n", clock, name, line);
    return cli_print(whole, err);
}

static bool print_changes(const struct follow *follow, struct printed *printed, struct error *err) {
    for (size_t i = 0; i < follow->sessions.count; i++) {
        const struct session *session = &follow->sessions.items[i];
        struct activity *activity = watches_activity(follow->watches, session->name);
        if (!activity || (!activity->count && !activity->ended))
            continue;
        _cleanup_free_ char *line = line_of(activity, time_now_ms());
        if (str_equal(line, printed_of(printed, session->name)))
            continue;
        if (!print_line(follow->cli, session, session->name, activity, line, err))
            return false;
        set_printed(printed, session->name, line);
        activity_look(activity, time_now_ms()); /* the line says that it rang: what follows is news again */
    }
    for (size_t i = 0; i < printed->names.count; i++) {
        const char *name = printed->names.items[i];
        if (follow_running(follow, name) || str_equal(printed->lines.items[i], "gone"))
            continue;
        if (!print_line(follow->cli, NULL, name, NULL, "gone", err))
            return false;
        set_printed(printed, name, "gone");
    }
    return true;
}

/* A name that is none is waited for: it may be one later. */
static void say_missing(const struct follow *follow) {
    const struct strings *names = &follow->cli->arguments;
    for (size_t i = 0; i < names->count; i++)
        if (!follow_running(follow, names->items[i])) {
            _cleanup_free_ char *shown = str_shown(names->items[i]);
            cli_notice(follow->cli, "%s does not run (yet)", shown);
        }
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(follow_done) struct follow follow = {0};
    struct printed printed = {0};
    bool good = follow_begin(cli, &cli->arguments, &follow, err);
    if (good)
        say_missing(&follow);
    while (good)
        good = follow_wait(&follow, watches_next(follow.watches, time_now_ms()), err) &&
               print_changes(&follow, &printed, err);
    strings_done(&printed.names);
    strings_done(&printed.lines);
    return -1;
}

static const struct flag *const flags[] = {&flag_format, NULL};

const struct command command_watch = {
    .name = "watch",
    .arguments = "[NAME…]",
    .most = MANY,
    .completes = COMPLETES_SESSIONS,
    .summary = "print a line whenever a session begins to work, falls quiet, rings or waits",
    .help = "The line has the time, the name and what the session is at: working, quiet, bell, prompt,\n"
            "ended, its own word (tmux set-option -p @berth \"waiting: …\"), or gone. Without names all\n"
            "sessions, those too that begin later. Nothing is polled. With --format json each line is an\n"
            "object.",
    .flags = flags,
    .run = run};
