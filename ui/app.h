/*
 * What the files of the screen share: its state, and what they ask of each other. Input becomes an
 * action, the action changes the state, the state becomes a frame.
 */
#pragma once

#include "base/task.h"
#include "session/join.h"
#include "ui/draw.h"
#include "ui/keys.h"
#include "ui/list.h"
#include "ui/log.h"
#include "ui/mapping.h"
#include "ui/ui.h"
#include "ui/widget.h"

enum tab { TAB_MAPPING, TAB_PREVIEW, TAB_OVERVIEW, TAB_LOG, TAB_PROCESSES, TABS };

struct app;

/* One tab of the pane beside the list. */
struct tab_view {
    const char *title;
    void (*draw)(struct app *app, struct area area);
    /* Asks the daemon for what it shows of the row app->shown, in a task; NULL: it asks nothing. */
    void (*fetch)(struct app *app);
    bool live; /* again and again, while it is in view */
};
extern const struct tab_view tab_mapping, tab_preview, tab_overview, tab_log, tab_processes;
extern const struct tab_view *const tab_views[TABS];

/* What lies over the panes and gets the keys. */
struct layer {
    void (*draw)(struct app *app, struct area area);
    void (*key)(struct app *app, const struct key *key);
    const char *footer; /* its keys in words */
};
extern const struct layer layer_help, layer_idmap, layer_form, layer_launch, layer_question, layer_filter,
    layer_command;

/* Where something can be clicked in the last frame. */
struct spot {
    int row, column, columns;
    enum action action;
};
#define SPOTS_MAX 32

struct form;
struct launch_job;

struct app {
    const struct ui_options *options;
    struct settings *settings; /* borrowed */
    const char *prefix;
    struct loop *loop;
    struct incus *client;
    struct store store;
    struct list list;
    struct log log;
    enum tab tab;
    const struct layer *layer; /* NULL: the panes have the keys */
    struct mapping mapping;    /* of the row under the cursor */
    struct strings preview;    /* lines of the session's terminal, with their escape sequences */
    struct strings processes;
    json_t *state;  /* of the row under the cursor, as the daemon tells it; NULL: not asked */
    char *shown;    /* the row that the above are of; NULL: none */
    char *shown_as; /* and the state in which it was looked at */
    size_t scroll;  /* of the pane, in lines from its natural place */

    struct form *form;
    struct launch_job *job; /* the launch that is under way or is being looked at */
    struct dialog question;
    struct field line;    /* of the filter and of ":" */
    struct strings found; /* completions of ":" */

    struct watch *input;
    struct timer *frame, *minute, *ticker, *settle, *more;
    int64_t stats_at;      /* when statistics were asked for last, as loop_now() */
    struct task *fetching; /* one at a time */
    bool fetch_again;
    char *toast;
    enum style toast_style;
    struct spot spots[SPOTS_MAX];
    size_t spot_count;
    struct area list_area, pane_area;
    struct stream_joint *joint; /* the session that has the terminal; NULL: none */
    bool attaching;             /* a task is on its way into a session: a second Enter is for nothing */
    bool lent;                  /* the terminal is not ours now */
    bool focused;
    bool leaving; /* as soon as no task is under way */
    bool over;
    int signal;
};

/* look.c: what was gathered of the row that was shown is dropped. */
void app_forget(struct app *app);
/* input.c: the terminal has something to read. */
void app_input(void *data, short events);
/* A frame at the end of this turn of the loop. */
void app_redraw(struct app *app);
/* A line at the bottom until the next key, and a line in the log. */
void app_say(struct app *app, enum style style, const char *format, ...) printf_like(3, 4);
void app_error(struct app *app, const struct error *err);
/* The row under the cursor, or what is known of it, may be another now. */
void app_look(struct app *app);
void app_open_layer(struct app *app, const struct layer *layer); /* NULL: none */
/* Something that can be clicked. */
void app_spot(struct app *app, int row, int column, int columns, enum action action);
/* Lends the terminal, and takes it back. False if it is lent already, or given back for good. */
bool app_lend(struct app *app) nodiscard;
void app_take(struct app *app);
void app_quit(struct app *app);
void app_act(struct app *app, enum action action);
/* Whether something is to be asked for again and again: the daemon then is, every two seconds. */
void app_arm(struct app *app);
/* The row that is shown; NULL if it is gone. */
struct store_row *app_row(const struct app *app);

/* Asks a question, in a task; true for yes. `details`: what would be lost, a line each; may be NULL. */
bool app_ask(struct app *app, const char *question, const struct strings *details) nodiscard;

/* Another tab was chosen: what it shows is asked for. */
void app_show_tab(struct app *app);

/* view_frame.c */
void frame_draw(struct app *app);
/* view_list.c */
void list_draw(struct app *app, struct area area);
/* view_mapping.c: for the form too; `copy_key` is the one that copies the remedies */
void mapping_draw(const struct mapping *mapping, const char *copy_key, struct area area);
/* Copies the remedies, or `else_text` (may be NULL) where there are none. */
void mapping_copy(struct app *app, const struct mapping *mapping, const char *else_text);
/* view_form.c */
void form_open(struct app *app, bool shell);
void form_free(struct form *form);
/* launching.c */
void launch_begin(struct app *app, struct session_request *take_request, struct settings *take_settings,
                  bool shell);
void launch_free(struct launch_job *job);
/* Quits, unless a launch is under way: that is said. */
void launch_may_quit(struct app *app);
/* actions.c */
void actions_start(struct app *app, enum action action);
void actions_attach(struct app *app);
/* In a task: hands the terminal to the session, and says what became of it. */
void app_enter(struct app *app, const struct inside *inside);
/* stats.c */
void stats_fetch(struct app *app);
bool stats_wanted(const struct app *app);
