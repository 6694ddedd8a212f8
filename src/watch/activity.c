#include "watch/activity.h"

#include "session/tmux.h"

#include <stdio.h>
#include <string.h>

/* Output that is so old is what it was doing, not what it does. A shell that has written its prompt is
 * done. */
#define WORKING_MS       3000
#define WORKING_SHELL_MS 1500
#define PANES_MAX        64
#define TEXT_MAX         400 /* of words from inside */

const struct activity_format activity_formats[] = {
    {"state", "#{window_active} #{pane_active} #{pane_dead} "
              "#{?#{==:#{pane_dead_status},},-,#{pane_dead_status}} #{window_activity} "
              "#{?" TMUX_BELL_OPTION ",#{" TMUX_BELL_OPTION "},0} #{window_bell_flag}"},
    {"program", "#{pane_current_command}"},
    {"word", "#{@berth}"},
    {"title", "#{?#{==:#{pane_title},#{host}},,#{pane_title}}"},
    {NULL, NULL}};

char *activity_format(const char *newline) {
    _cleanup_(buffer_done) struct buffer all = {0};
    for (const struct activity_format *format = activity_formats; format->name; format++)
        buffer_printf(&all, "%s%s #{pane_id} %s", all.size ? newline : "", format->name, format->format);
    return str_copy(all.data);
}

static void free_pane(struct activity_pane *pane) {
    free(pane->program);
    free(pane->word);
    free(pane->title);
}

void activity_done(struct activity *activity) {
    for (size_t i = 0; i < activity->count; i++)
        free_pane(&activity->panes[i]);
    free(activity->panes);
    free(activity->notification);
    *activity = (struct activity){0};
}

static struct activity_pane *find_pane(struct activity *activity, const char *id) {
    for (size_t i = 0; i < activity->count; i++)
        if (str_equal(activity->panes[i].id, id))
            return &activity->panes[i];
    return NULL;
}

/* A pane that is not known yet becomes one; NULL if that is no id, or there are too many. */
static struct activity_pane *get_pane(struct activity *activity, const char *id) {
    struct activity_pane *pane = find_pane(activity, id);
    size_t digits = id[0] == '%' ? strspn(id + 1, "0123456789") : 0;
    if (pane || digits == 0 || id[1 + digits] || digits > 9 || activity->count == PANES_MAX)
        return pane;
    activity->panes = mem_grow(activity->panes, (activity->count + 1) * sizeof *activity->panes);
    pane = &activity->panes[activity->count++];
    *pane = (struct activity_pane){.status = -1};
    snprintf(pane->id, sizeof pane->id, "%s", id);
    return pane;
}

/* Text from inside, fit to be shown, and not endless. Caller owns. */
static char *clean(const char *text) {
    _cleanup_free_ char *shown = str_shown(text);
    size_t length = strlen(shown);
    if (length <= TEXT_MAX)
        return str_copy(shown);
    length = TEXT_MAX;
    while (length && ((unsigned char)shown[length] & 0xc0) == 0x80)
        length--;
    return str_copy_n(shown, length);
}

/* Whether it is another text now. */
static bool set_text(char **slot, const char *text) {
    char *shown = clean(text);
    bool other = !str_equal(*slot ? *slot : "", shown);
    free(*slot);
    *slot = shown;
    return other;
}

static int64_t later(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* What tmux says in seconds lies somewhere in that second; never later than now. */
static int64_t of_seconds(long long seconds, int64_t now) {
    return seconds <= 0 || seconds > now / 1000 ? now : seconds * 1000;
}

static void take_state(struct activity_pane *pane, const char *value, int64_t now) {
    int window = 0, active = 0, dead = 0, flag = 0;
    long long output = 0, bell = 0;
    char status[12] = "";
    if (sscanf(value, "%d %d %d %11s %18lld %18lld %d", &window, &active, &dead, status, &output, &bell,
               &flag) != 7)
        return;
    unsigned long number;
    pane->active = window && active;
    pane->dead = dead != 0;
    if (str_to_number(status, 255, &number))
        pane->status = (int)number;
    /* the exact time of what was seen stands, as long as tmux means the same second */
    int64_t at = of_seconds(output, now);
    if (at / 1000 > pane->output_at / 1000)
        pane->output_at = at;
    if (bell > 0 && bell > pane->bell_at / 1000)
        pane->bell_at = of_seconds(bell, now);
    if (flag && !pane->bell_at)
        pane->bell_at = pane->output_at;
}

void activity_take(struct activity *activity, const char *id, const char *name, const char *value,
                   int64_t now) {
    struct activity_pane *pane = get_pane(activity, id);
    if (!pane)
        return;
    if (!activity->began)
        activity->began = now;
    if (str_equal(name, "state"))
        take_state(pane, value, now);
    else if (str_equal(name, "program") && set_text(&pane->program, value))
        pane->program_at = now;
    else if (str_equal(name, "word") && set_text(&pane->word, value))
        pane->word_at = now;
    else if (str_equal(name, "title"))
        set_text(&pane->title, value);
}

void activity_take_lines(struct activity *activity, const char *text, int64_t now) {
    _cleanup_free_ char *copy = str_copy(text);
    for (size_t i = 0; i < activity->count; i++)
        activity->panes[i].listed = false;
    for (char *rest = copy, *line; (line = strsep(&rest, "\n"));) {
        char *value = line;
        const char *name = strsep(&value, " "), *pane = value ? strsep(&value, " ") : NULL;
        if (value)
            activity_take(activity, pane, name, value, now);
        struct activity_pane *found = value ? find_pane(activity, pane) : NULL;
        if (found)
            found->listed = true;
    }
    for (size_t i = activity->count; i-- > 0;) {
        if (activity->panes[i].listed)
            continue;
        free_pane(&activity->panes[i]);
        activity->panes[i] = activity->panes[--activity->count];
    }
}

void activity_output(struct activity *activity, const char *id, int64_t now) {
    struct activity_pane *pane = get_pane(activity, id);
    if (pane)
        pane->output_at = now;
}

void activity_bell(struct activity *activity, const char *id, int64_t now) {
    struct activity_pane *pane = get_pane(activity, id);
    if (pane)
        pane->bell_at = now;
}

void activity_notify(struct activity *activity, const char *text, int64_t now) {
    set_text(&activity->notification, text);
    activity->notified_at = now;
}

void activity_prompt(struct activity *activity, const char *id, int status, int64_t now) {
    struct activity_pane *pane = get_pane(activity, id);
    if (!pane)
        return;
    pane->status = status;
    pane->program_at = now;
}

void activity_end(struct activity *activity, int64_t now) {
    activity->ended = true;
    activity->ended_at = now;
}

int64_t activity_last_bell(const struct activity *activity) {
    int64_t bell = 0;
    for (size_t i = 0; i < activity->count; i++)
        bell = later(bell, activity->panes[i].bell_at);
    return bell;
}

bool activity_look(struct activity *activity, int64_t now) {
    bool news = later(activity_last_bell(activity), activity->notified_at) > activity->seen_at;
    activity->seen_at = now;
    return news;
}

/* The pane that is shown; with none said to be, the first. */
static const struct activity_pane *shown(const struct activity *activity) {
    for (size_t i = 0; i < activity->count; i++)
        if (activity->panes[i].active)
            return &activity->panes[i];
    return activity->count ? &activity->panes[0] : NULL;
}

static bool is_shell(const char *program) {
    static const char *const shells[] = {"bash", "sh",  "dash", "zsh",   "fish", "ash",    "ksh",  "mksh",
                                         "tcsh", "csh", "nu",   "-bash", "-sh",  "elvish", "xonsh"};
    for (size_t i = 0; program && i < array_length(shells); i++)
        if (str_equal(program, shells[i]))
            return true;
    return false;
}

/* What a word means, if it stands still: a program that has left its shell alone since says nothing more.
 */
static enum activity_status of_word(const struct activity_pane *pane) {
    const char *word = pane->word;
    if (str_empty(word) || (is_shell(pane->program) && pane->program_at > pane->word_at))
        return ACTIVITY_UNKNOWN;
    return str_starts(word, "waiting")   ? ACTIVITY_WAITING
           : str_starts(word, "working") ? ACTIVITY_WORKING
           : str_starts(word, "done")    ? ACTIVITY_DONE
                                         : ACTIVITY_SAID;
}

/* Of all panes the one whose word is to be heard first; NULL: none says anything. */
static const struct activity_pane *speaker(const struct activity *activity) {
    const struct activity_pane *first = NULL;
    for (size_t i = 0; i < activity->count; i++) {
        const struct activity_pane *pane = &activity->panes[i];
        if (of_word(pane) != ACTIVITY_UNKNOWN && (!first || of_word(pane) > of_word(first)))
            first = pane;
    }
    return first;
}

static enum activity_status with_since(enum activity_status status, int64_t since, int64_t *slot) {
    if (slot)
        *slot = since;
    return status;
}

int64_t activity_last_output(const struct activity *activity) {
    int64_t at = 0;
    for (size_t i = 0; i < activity->count; i++)
        at = later(at, activity->panes[i].output_at);
    return at;
}

static int64_t working_until(const struct activity *activity) {
    const struct activity_pane *pane = shown(activity);
    int64_t output = activity_last_output(activity);
    bool shell = pane && is_shell(pane->program);
    return output ? output + (shell ? WORKING_SHELL_MS : WORKING_MS) : 0;
}

bool activity_at_prompt(const struct activity *activity, int64_t now) {
    const struct activity_pane *pane = shown(activity);
    return pane && (pane->dead || is_shell(pane->program)) && now >= working_until(activity);
}

enum activity_status activity_status(const struct activity *activity, int64_t now, int64_t *since) {
    const struct activity_pane *pane = shown(activity), *says = speaker(activity);
    int64_t news = later(activity_last_bell(activity), activity->notified_at),
            output = activity_last_output(activity);
    if (activity->ended)
        return with_since(ACTIVITY_ENDED, activity->ended_at, since);
    if (!pane)
        return with_since(ACTIVITY_UNKNOWN, 0, since);
    if (says)
        return with_since(of_word(says), says->word_at, since);
    if (news > activity->seen_at)
        return with_since(ACTIVITY_BELL, news, since);
    if (now < working_until(activity))
        return with_since(ACTIVITY_WORKING, output, since);
    if (activity_at_prompt(activity, now))
        return with_since(ACTIVITY_PROMPT, later(output, pane->program_at), since);
    return with_since(ACTIVITY_QUIET, output ? output : activity->began, since);
}

int64_t activity_next(const struct activity *activity, int64_t now) {
    int64_t until = working_until(activity);
    return !activity->ended && until > now ? until : 0;
}

bool activity_wants(const struct activity *activity, int64_t now) {
    int64_t since;
    enum activity_status status = activity_status(activity, now, &since);
    return status == ACTIVITY_WAITING || status == ACTIVITY_BELL ||
           (status == ACTIVITY_DONE && since > activity->seen_at);
}

int activity_compare(const struct activity *a, const struct activity *b, int64_t now) {
    int64_t since_a = 0, since_b = 0;
    enum activity_status first = a ? activity_status(a, now, &since_a) : ACTIVITY_UNKNOWN,
                         second = b ? activity_status(b, now, &since_b) : ACTIVITY_UNKNOWN;
    if (first != second)
        return (int)second - (int)first;
    return (since_a > since_b) - (since_a < since_b);
}

const char *activity_word(enum activity_status status) {
    static const char *const words[] = {
        [ACTIVITY_UNKNOWN] = "unknown", [ACTIVITY_WORKING] = "working", [ACTIVITY_QUIET] = "quiet",
        [ACTIVITY_SAID] = "said",       [ACTIVITY_PROMPT] = "prompt",   [ACTIVITY_DONE] = "done",
        [ACTIVITY_ENDED] = "ended",     [ACTIVITY_BELL] = "bell",       [ACTIVITY_WAITING] = "waiting"};
    return words[status];
}

static char *with_age(const char *word, int64_t milliseconds) {
    int64_t seconds = milliseconds / 1000;
    if (seconds < 60)
        return str_copy(word);
    if (seconds < 3600)
        return str_printf("%s %dm", word, (int)(seconds / 60));
    if (seconds < 86400)
        return str_printf("%s %dh", word, (int)(seconds / 3600));
    return str_printf("%s %dd", word, (int)(seconds / 86400));
}

char *activity_text(const struct activity *activity, int64_t now) {
    int64_t since;
    enum activity_status status = activity_status(activity, now, &since);
    const struct activity_pane *says = speaker(activity);
    int code = activity_exit(activity);
    if (says && status != ACTIVITY_ENDED)
        return str_copy(says->word);
    if (status == ACTIVITY_PROMPT && code > 0)
        return str_printf("prompt, status %d", code);
    return status == ACTIVITY_QUIET ? with_age("quiet", now - since) : str_copy(activity_word(status));
}

char *activity_reason(const struct activity *activity, int64_t now) {
    const char *notification = activity->notification;
    bool unread = !str_empty(notification) && activity->notified_at > activity->seen_at;
    if (activity_status(activity, now, NULL) == ACTIVITY_BELL && unread)
        return str_copy(notification);
    return activity_text(activity, now);
}

const char *activity_program(const struct activity *activity) {
    const struct activity_pane *pane = shown(activity);
    return pane && pane->program ? pane->program : "";
}

const char *activity_title(const struct activity *activity) {
    const struct activity_pane *pane = shown(activity);
    return pane && pane->title ? pane->title : "";
}

int activity_exit(const struct activity *activity) {
    const struct activity_pane *pane = shown(activity);
    return pane ? pane->status : -1;
}

json_t *activity_json(const struct activity *activity, int64_t now) {
    static const struct activity unknown;
    int64_t since;
    if (!activity)
        activity = &unknown;
    enum activity_status status = activity_status(activity, now, &since);
    const struct activity_pane *says = speaker(activity);
    int code = activity_exit(activity);
    return json_pack("{s:s, s:o, s:o, s:b, s:o, s:o, s:o, s:o}", "activity", activity_word(status), "since",
                     since ? json_integer(since / 1000) : json_null(), "program",
                     json_text(activity_program(activity)), "bell",
                     activity_last_bell(activity) > activity->seen_at, "notification",
                     json_text(activity->notification ? activity->notification : ""), "said",
                     json_text(says ? says->word : ""), "title", json_text(activity_title(activity)),
                     "exit", code < 0 ? json_null() : json_integer(code));
}
