/* `berth wait`: until something happens in a session. */
#include "base/time.h"
#include "cli/flags.h"
#include "cli/follow.h"
#include "watch/condition.h"

#define STATUS_TIMEOUT 124 /* as timeout(1) has it */
#define STATUS_ENDED   3

static int say(const char *word, int status, struct error *err) {
    _cleanup_free_ char *line = str_printf("%s\n", word);
    return cli_print(line, err) ? status : -1;
}

/* Whether it can be waited for at all: a session without a terminal can only end. */
static bool can_tell(const struct follow *follow, const char *name, const struct conditions *conditions,
                     struct error *err) {
    const char *why = watches_why_not(follow->watches, name);
    if (conditions->wanted[CONDITION_END])
        return true;
    if (!watches_can(follow_running(follow, name)))
        why = "it is no session with a terminal of its own: only its end can be waited for";
    return !why || error_set(err, ERROR_FAILED, "%s: %s", name, why);
}

static int64_t least(int64_t a, int64_t b) {
    return !a ? b : !b ? a : a < b ? a : b;
}

static int wait_for(struct follow *follow, const char *name, const struct conditions *conditions,
                    struct error *err) {
    int64_t began = time_now_ms(), timeout = follow->cli->timeout * 1000L;
    for (;;) {
        int64_t now = time_now_ms();
        const struct activity *activity = watches_activity(follow->watches, name);
        bool gone = !follow_running(follow, name);
        const char *met = conditions_met(conditions, activity, gone, began, now);
        if (met)
            return say(met, 0, err);
        if (gone || (activity && activity->ended))
            return say("end", STATUS_ENDED, err);
        if (timeout && now >= began + timeout)
            return say("timeout", STATUS_TIMEOUT, err);
        if (!can_tell(follow, name, conditions, err))
            return -1;
        int64_t next = conditions_next(conditions, activity, now);
        if (!follow_wait(follow, least(next, timeout ? began + timeout - now : 0), err))
            return -1;
    }
}

static int run(struct cli *cli, struct error *err) {
    _cleanup_(follow_done) struct follow follow = {0};
    _cleanup_(instance_done) struct instance instance = {0};
    struct conditions conditions;
    const char *name = cli->arguments.items[0];
    if (!cli->wait_for) {
        error_set(err, ERROR_USAGE, "wait: --for is missing: " CONDITION_WORDS);
        return -1;
    }
    if (!conditions_parse(cli->wait_for, &conditions, err) ||
        !follow_begin(cli, &cli->arguments, &follow, err) || !cli_get_session(cli, name, &instance, err))
        return -1;
    return wait_for(&follow, name, &conditions, err);
}

static const struct flag *const flags[] = {&flag_for, &flag_wait_timeout, NULL};

const struct command command_wait = {
    .name = "wait",
    .arguments = "NAME",
    .least = 1,
    .most = 1,
    .completes = COMPLETES_SESSIONS,
    .summary = "wait until a session rings, falls quiet, shows a prompt, waits or ends",
    .help = "--for takes one or several of bell, quiet[=SECONDS] (3), prompt, waiting, done, end, with\n"
            "commas between them. What happened is printed. Exit status: 0 it happened, 3 the session\n"
            "ended instead, 124 --timeout was over.",
    .flags = flags,
    .run = run};
