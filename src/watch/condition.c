#include "watch/condition.h"

#include <string.h>

#define QUIET_SECONDS 3

static const char *const words[CONDITIONS] = {
    [CONDITION_BELL] = "bell",       [CONDITION_QUIET] = "quiet", [CONDITION_PROMPT] = "prompt",
    [CONDITION_WAITING] = "waiting", [CONDITION_DONE] = "done",   [CONDITION_END] = "end"};

static bool take_word(struct conditions *conditions, const char *word, struct error *err) {
    for (int i = 0; i < CONDITIONS; i++)
        if (str_equal(word, words[i]))
            return conditions->wanted[i] = true;
    unsigned long seconds;
    if (str_starts(word, "quiet=") && str_to_number(word + 6, 86400, &seconds) && seconds > 0) {
        conditions->quiet = (int)seconds;
        return conditions->wanted[CONDITION_QUIET] = true;
    }
    _cleanup_free_ char *shown = str_shown(word);
    return error_set(err, ERROR_USAGE, "--for %s: must be " CONDITION_WORDS, shown);
}

bool conditions_parse(const char *text, struct conditions *conditions, struct error *err) {
    _cleanup_free_ char *copy = str_copy(text);
    *conditions = (struct conditions){.quiet = QUIET_SECONDS};
    for (char *rest = copy, *word; (word = strsep(&rest, ","));)
        if (!take_word(conditions, word, err))
            return false;
    return true;
}

/* When nothing will have been written for long enough. */
static int64_t quiet_at(const struct conditions *conditions, const struct activity *activity) {
    int64_t output = activity_last_output(activity);
    return (output ? output : activity->began) + conditions->quiet * 1000L;
}

static bool holds(const struct conditions *conditions, enum condition_kind kind,
                  const struct activity *activity, bool gone, int64_t began, int64_t now) {
    if (kind == CONDITION_END)
        return gone || (activity && activity->ended);
    if (!activity || activity->ended)
        return false;
    enum activity_status status = activity_status(activity, now, NULL);
    switch (kind) {
    case CONDITION_BELL:
        return activity_last_bell(activity) >= began || activity->notified_at >= began;
    case CONDITION_QUIET:
        return activity->count && now >= quiet_at(conditions, activity);
    case CONDITION_PROMPT:
        return activity_at_prompt(activity, now);
    case CONDITION_WAITING:
        return status == ACTIVITY_WAITING;
    case CONDITION_DONE:
        return status == ACTIVITY_DONE;
    default:
        return false;
    }
}

const char *conditions_met(const struct conditions *conditions, const struct activity *activity, bool gone,
                           int64_t began, int64_t now) {
    for (int i = 0; i < CONDITIONS; i++)
        if (conditions->wanted[i] && holds(conditions, (enum condition_kind)i, activity, gone, began, now))
            return words[i];
    return NULL;
}

int64_t conditions_next(const struct conditions *conditions, const struct activity *activity, int64_t now) {
    int64_t next = activity ? activity_next(activity, now) : 0;
    if (activity && activity->count && conditions->wanted[CONDITION_QUIET]) {
        int64_t quiet = quiet_at(conditions, activity);
        next = !next || quiet < next ? quiet : next;
    }
    return !next ? 0 : next > now ? next - now : 1;
}
