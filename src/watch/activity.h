/*
 * What a session is at, as its terminal tells: a value that is made of what tmux reports (watch.h brings
 * it, activity_ask() asks once). Nothing here waits, and the clock is handed in. All times are milliseconds
 * of the epoch, 0 for never.
 */
#pragma once

#include "base/json.h"

#include <stdint.h>

enum activity_status {
    ACTIVITY_UNKNOWN, /* not watched, or nothing was reported yet */
    ACTIVITY_WORKING, /* there was output in the last seconds, or it says so itself */
    ACTIVITY_QUIET,
    ACTIVITY_SAID,    /* a word of its own that means nothing to us: it is shown */
    ACTIVITY_PROMPT,  /* a shell is in the foreground, and nothing is written */
    ACTIVITY_DONE,    /* it says so */
    ACTIVITY_ENDED,   /* its tmux session has */
    ACTIVITY_BELL,    /* rang or notified, and was not looked at */
    ACTIVITY_WAITING, /* for somebody: it says so */
};

/* A pane of its tmux. */
struct activity_pane {
    char id[16]; /* "%0" */
    bool active; /* what is shown to whoever attaches */
    bool dead;
    bool listed; /* in the list that is coming in */
    int status;  /* of what has ended in it; -1 unknown */
    int64_t output_at, bell_at;
    char *program; /* in the foreground */
    int64_t program_at;
    char *word; /* @berth: what it says of itself */
    int64_t word_at;
    char *title;
};

struct activity {
    struct activity_pane *panes;
    size_t count;
    char *notification; /* the words of the last; NULL: none */
    int64_t notified_at;
    int64_t seen_at; /* when somebody last looked at it */
    int64_t began;   /* what it is measured from when nothing was ever written */
    bool ended;
    int64_t ended_at;
};
void activity_done(struct activity *activity);

/*
 * What tmux says: `name` is one of ACTIVITY_FORMATS, `value` what that comes to in the pane. What is no
 * pane's, or is one too many of them, is left out.
 */
void activity_take(struct activity *activity, const char *pane, const char *name, const char *value,
                   int64_t now);
/* The same of lines of "NAME PANE VALUE": all panes that there are, those that are not among them go. */
void activity_take_lines(struct activity *activity, const char *text, int64_t now);

/* What the pane's output holds (scan.h). */
void activity_output(struct activity *activity, const char *pane, int64_t now);
void activity_bell(struct activity *activity, const char *pane, int64_t now);
void activity_notify(struct activity *activity, const char *text, int64_t now);
/* A command has ended there, with this status (-1: not said), and a prompt comes. */
void activity_prompt(struct activity *activity, const char *pane, int status, int64_t now);
void activity_end(struct activity *activity, int64_t now);
/* Somebody looks at it now: bells and notifications so far are old. Whether any was not. */
bool activity_look(struct activity *activity, int64_t now);

/* What is asked of each pane, and under which name; ends with NULL. tmux(1), "FORMATS". No quotes in it. */
struct activity_format {
    const char *name, *format;
};
extern const struct activity_format activity_formats[];
/* All in one, as list-panes takes it: lines for activity_take_lines(), `newline` between them. Caller owns.
 */
char *activity_format(const char *newline) nodiscard;

/* What it is at. *since: from when on; may be NULL. */
enum activity_status activity_status(const struct activity *activity, int64_t now, int64_t *since);
/* Of all panes the last; 0 for never. */
int64_t activity_last_output(const struct activity *activity);
int64_t activity_last_bell(const struct activity *activity);
/* When that may become another by itself; 0: never. */
int64_t activity_next(const struct activity *activity, int64_t now);
/* Whether a shell is in the foreground, and has written its prompt; whatever else there is to say. */
bool activity_at_prompt(const struct activity *activity, int64_t now);
/* Whether somebody should look at it. */
bool activity_wants(const struct activity *activity, int64_t now);
/* Below 0: `a` is to be looked at before `b`. NULL is not watched. */
int activity_compare(const struct activity *a, const struct activity *b, int64_t now);

/* "working", "quiet", "bell", … */
const char *activity_word(enum activity_status status);
/* The same with what there is to say: "quiet 4m", "prompt 1", "waiting: may I edit app.c?". Caller owns. */
char *activity_text(const struct activity *activity, int64_t now) nodiscard;
/* Why it wants something, for a notification: its own word, the notification, or what it is at. Caller
 * owns. */
char *activity_reason(const struct activity *activity, int64_t now) nodiscard;
/* Of the pane that is shown; "" if unknown. */
const char *activity_program(const struct activity *activity);
const char *activity_title(const struct activity *activity);
int activity_exit(const struct activity *activity); /* -1 unknown */
/* {activity, since, program, bell, notification, said, title, exit}; `activity` NULL: it is unknown. */
json_t *activity_json(const struct activity *activity, int64_t now) nodiscard;
