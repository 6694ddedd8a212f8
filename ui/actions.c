#include "ui/actions.h"

#include "ui/attach.h"
#include "ui/attention.h"
#include "ui/layers.h"
#include "ui/manage.h"
#include "ui/refresh.h"
#include "ui/view/mapping_draw.h"
#include "ui/view/views.h"

static void clear(struct list *list) {
    if (*list->filter)
        list_filter(list, "");
    else
        marks_clear(&list->marks);
}

static void mark(struct list *list) {
    const struct store_row *row = list_current(list);
    if (!row)
        return;
    marks_toggle(&list->marks, row->key);
    list_move(list, 1);
}

void actions_show_tab(struct app *app, int tab) {
    app->tab = (enum tab)((tab + TABS) % TABS);
    refresh_tab(app);
}

static void move(struct list *list, enum action action) {
    long page = (long)list->page;
    const long steps[] = {[ACTION_UP] = -1,
                          [ACTION_DOWN] = 1,
                          [ACTION_TOP] = -1000000,
                          [ACTION_BOTTOM] = 1000000,
                          [ACTION_PAGE_UP] = -page,
                          [ACTION_PAGE_DOWN] = page,
                          [ACTION_HALF_UP] = -(page + 1) / 2,
                          [ACTION_HALF_DOWN] = (page + 1) / 2};
    list_move(list, steps[action]);
}

static void scroll(const struct app *app, int lines) {
    const struct open_view *tab = &app->tabs[app->tab];
    if (tab->view->scroll)
        tab->view->scroll(tab->state, lines);
}

/* What changes the order of the list, or what is in it. */
static bool arrange(struct list *list, enum action action) {
    if (action == ACTION_SORT)
        list_next_sort(list);
    else if (action == ACTION_REVERSE)
        list->reverse = !list->reverse;
    else if (action == ACTION_FOREIGN)
        list->foreign = !list->foreign;
    else
        return false;
    list_refresh(list);
    return true;
}

/* What only changes what is shown. */
static void show(struct app *app, enum action action) {
    struct host *host = &app->host;
    switch (action) {
    case ACTION_FILTER:
        host->open(host, &view_filter, NULL);
        break;
    case ACTION_COMMAND:
        host->open(host, &view_command, NULL);
        break;
    case ACTION_CLEAR:
        clear(&app->list);
        break;
    case ACTION_NEXT_TAB:
        actions_show_tab(app, (int)app->tab + 1);
        break;
    case ACTION_PREVIOUS_TAB:
        actions_show_tab(app, (int)app->tab - 1);
        break;
    case ACTION_PANE_UP:
        scroll(app, -1);
        break;
    case ACTION_PANE_DOWN:
        scroll(app, 1);
        break;
    case ACTION_IDMAP:
        host->open(host, &view_idmap, NULL);
        refresh_tab(app);
        break;
    case ACTION_HEALTH:
        host->open(host, &view_health, NULL);
        break;
    case ACTION_IMAGES:
        host->open(host, &view_images, NULL);
        break;
    case ACTION_MEMBERS:
        host->open(host, &view_members, NULL);
        break;
    case ACTION_HELP:
        host->open(host, &view_help, NULL);
        break;
    default:
        arrange(&app->list, action);
        break;
    }
}

/* The session's network is chosen in a layer; an instance of somebody else's keeps its own. */
static void choose_network(struct app *app) {
    struct host *host = &app->host;
    const struct store_row *row = list_current(&app->list);
    if (row && row->session.foreign)
        host->say(host, STYLE_WARNING, "%s is not a session: its network stays", row->session.name);
    else if (row)
        host->open(host, &view_network, row);
}

static void show_guard(struct app *app) {
    struct host *host = &app->host;
    const struct store_row *row = list_current(&app->list);
    if (row && row->session.elsewhere)
        host->say(host, STYLE_WARNING, "%s: its workspace is another machine's, where berth guard shows it",
                  row->key);
    else if (row && *row->session.workspace)
        host->open(host, &view_guard, row->session.workspace);
    else if (row)
        host->say(host, STYLE_WARNING, "%s has no workspace", row->session.name);
}

void actions_command(struct host *host, const char *text) {
    host->open(host, &view_command, text);
}

/* A command line that does it, for the user's enter: a build takes its time. */
static void build_image_of(struct app *app) {
    const struct store_row *row = list_current(&app->list);
    const char *image = row && !row->session.foreign ? row->session.image
                                                     : settings_text(app->host.settings, SETTING_IMAGE);
    _cleanup_free_ char *quoted = str_quoted(image), *text = str_printf("build %s", quoted);
    actions_command(&app->host, text);
}

static void show_snapshots(struct app *app) {
    struct host *host = &app->host;
    const struct store_row *row = list_current(&app->list);
    if (row && row->session.foreign)
        host->say(host, STYLE_WARNING, "%s is not a session: its snapshots are left alone",
                  row->session.name);
    else if (row)
        host->open(host, &view_snapshot_keys, row->key);
}

/* A launch that is under way is not left behind by a key: that is said. */
static void quit(struct host *host) {
    if (host->launching)
        host->say(host, STYLE_WARNING, "a launch is under way; esc there cancels it");
    else if (host->running)
        host->say(host, STYLE_WARNING, "a command still runs; :q ends it and quits");
    else
        host->quit(host);
}

/* Whoever wants something, the one that has waited longest first; from one of them to the next. */
static void go_to_attention(struct app *app) {
    struct host *host = &app->host;
    const char *name = attention_next(app);
    if (!name) {
        host->say(host, STYLE_PLAIN, "no session wants anything");
        return;
    }
    layers_close_all(app);
    if (*app->list.filter)
        list_filter(&app->list, "");
    list_show(&app->list, name);
    actions_show_tab(app, TAB_LIVE);
}

/* The marked ones, or the one under the cursor: those into which a line can be typed. */
static void talk(struct app *app) {
    struct host *host = &app->host;
    _cleanup_(strings_done) struct strings names = {0};
    list_chosen(&app->list, &names);
    if (names.count)
        host->open(host, &view_talk, &names);
}

static void mute(struct app *app) {
    _cleanup_(strings_done) struct strings names = {0};
    list_chosen(&app->list, &names);
    for (size_t i = 0; i < names.count; i++) {
        struct store_row *row = daemons_find(&app->host.daemons, names.items[i]);
        if (row)
            row->muted = !row->muted;
    }
}

/* What shows the terminals. */
static bool look(struct app *app, enum action action) {
    struct host *host = &app->host;
    if (action == ACTION_ATTENTION)
        go_to_attention(app);
    else if (action == ACTION_ZOOM && host->shown)
        host->open(host, &view_zoom, host->shown);
    else if (action == ACTION_WALL)
        host->open(host, &view_wall, NULL);
    else if (action == ACTION_TALK)
        talk(app);
    else if (action == ACTION_MUTE)
        mute(app);
    else
        return false;
    return true;
}

void actions_do_on(struct host *host, enum action action, const char *name) {
    const struct strings one = {(char *[]){(char *)name, NULL}, 1};
    if (action == ACTION_ZOOM) {
        host->open(host, &view_zoom, name);
    } else if (action == ACTION_TALK) {
        host->open(host, &view_talk, &one);
    } else {
        list_show(host->list, name);
        actions_do(host, action);
    }
}

void actions_do(struct host *host, enum action action) {
    struct app *app = app_of(host);
    bool shell = action == ACTION_NEW;
    if (action >= ACTION_UP && action <= ACTION_HALF_DOWN)
        move(&app->list, action);
    else if (action >= ACTION_TAB_MAPPING && action <= ACTION_TAB_SNAPSHOTS)
        actions_show_tab(app, (int)(action - ACTION_TAB_MAPPING));
    else if (action >= ACTION_STOP && action <= ACTION_PERSIST)
        manage_start(host, action);
    else if (action == ACTION_ATTACH)
        attach_current(host);
    else if (action == ACTION_NEW || action == ACTION_RUN)
        host->open(host, &view_form, &shell);
    else if (action == ACTION_NETWORK)
        choose_network(app);
    else if (action == ACTION_GUARD)
        show_guard(app);
    else if (action == ACTION_BUILD)
        build_image_of(app);
    else if (action == ACTION_SNAPSHOTS)
        show_snapshots(app);
    else if (action == ACTION_MARK)
        mark(&app->list);
    else if (action == ACTION_COPY)
        mapping_copy(host, &app->mapping, host->shown);
    else if (action == ACTION_SUSPEND)
        term_suspend();
    else if (action == ACTION_QUIT)
        quit(host);
    else if (!look(app, action))
        show(app, action);
    host->redraw(host);
}
