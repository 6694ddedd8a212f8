/* The launch form: what is asked for, and beside it the mapping that will be. */
#include "base/path.h"
#include "launch/trust.h"
#include "ui/state/folders.h"
#include "ui/view/dry_run.h"
#include "ui/view/entries.h"
#include "ui/view/mapping_draw.h"
#include "ui/view/network_draw.h"
#include "ui/view/where.h"

#include <string.h>

struct form {
    struct host *host;
    struct dry_run *dry_run; /* under way; NULL: none is */
    bool shell;
    struct field fields[ENTRIES];
    int current;
    struct mapping mapping;
    char *mapped; /* the path that it is of */
    struct where_line where;
    unsigned int changes; /* of `where`, when it was decided */
    struct rules rules;   /* of the network, as it is filled in */
    struct error rules_err;
    struct asked asked; /* by the workspace itself */
    struct error asked_err;
    struct strings recent;
    size_t next_recent;
    struct strings found; /* completions */
    struct error err;     /* of what was filled in, when launching was tried */
    char *plan;           /* the dry run, while it is looked at; NULL: it is not */
};

static void leave(void *state) {
    struct form *form = state;
    dry_run_leave(form->dry_run);
    where_done(&form->where);
    for (int i = 0; i < ENTRIES; i++)
        field_done(&form->fields[i]);
    mapping_done(&form->mapping);
    rules_done(&form->rules);
    error_done(&form->rules_err);
    asked_done(&form->asked);
    error_done(&form->asked_err);
    strings_done(&form->recent);
    strings_done(&form->found);
    error_done(&form->err);
    free(form->mapped);
    free(form->plan);
    free(form);
}

static bool is_there(const struct form *form, int entry) {
    bool several =
        daemons_several(&form->host->daemons) || *settings_text(form->host->settings, SETTING_TARGET);
    return (entry != ENTRY_COMMAND || !form->shell) && (entry != ENTRY_TARGET || several);
}

/* `argument` is a bool: whether a shell session is asked for, or a command to run. */
static void *enter(struct host *host, const void *argument) {
    const struct store_row *row = list_current(host->list);
    const bool *shell = argument;
    _cleanup_(error_done) struct error ignored = {0};
    struct form *form = mem_new(sizeof *form);
    *form = (struct form){.host = host, .shell = *shell};
    _cleanup_free_ char *here = path_absolute(".", &ignored),
                        *there = row && *row->session.workspace && !row->session.foreign
                                     ? daemons_workspace(&host->daemons, row)
                                     : NULL,
                        *path = draw_path(there  ? there
                                          : here ? here
                                                 : "/");
    for (int i = 0; i < ENTRIES; i++)
        if (entry_specs[i].setting != NO_SETTING)
            field_set(&form->fields[i], settings_text(host->settings, entry_specs[i].setting));
    field_set(&form->fields[ENTRY_WORKSPACE], path);
    field_set(&form->fields[ENTRY_COMMAND], "");
    field_set(&form->fields[ENTRY_SLOT], "0");
    field_set(&form->fields[ENTRY_PERSISTENT],
              settings_bool(host->settings, SETTING_PERSISTENT) ? "yes" : "no");
    form->current = form->shell ? ENTRY_WORKSPACE : ENTRY_COMMAND;
    folders_recent(&form->recent);
    return form;
}

/* Into these settings; what came of it is left in the form. */
static bool ask_workspace(struct form *form, struct settings *settings) {
    _cleanup_(workspace_done) struct workspace workspace = {0};
    const char *path = field_text(&form->fields[ENTRY_WORKSPACE]);
    _cleanup_free_ char *first = NULL, *second = NULL;
    const char *there;
    asked_done(&form->asked);
    error_done(&form->asked_err);
    if (workspace_is_qualified(path, &first, &second, &there))
        return true; /* what lies in it is not seen from here */
    return workspace_find(*path ? path : ".", &workspace, &form->asked_err) &&
           trust_apply(workspace.source, settings, &form->asked, &form->asked_err);
}

/* Once for each frame, however many keys came in between. */
static void decide(struct form *form) {
    const struct host *host = form->host;
    const char *path = field_text(&form->fields[ENTRY_WORKSPACE]);
    where_update(&form->where, form->host, path, field_text(&form->fields[ENTRY_TARGET]));
    if (str_equal(path, form->mapped) && form->changes == form->where.changes)
        return;
    str_set(&form->mapped, path);
    form->changes = form->where.changes;
    _cleanup_(settings_done) struct settings settings = {0};
    settings_copy(&settings, host->settings);
    (void)!ask_workspace(form, &settings);
    if (where_mapping(&form->where, &settings, &form->mapping))
        return;
    mapping_of_workspace(&form->mapping, &settings, *path ? path : ".",
                         host->store->server.version ? &host->store->server : NULL);
}

/* What the network's entries come to; names are resolved when it is launched. */
static void read_rules(struct form *form) {
    struct rules_text text = rules_text_of(form->host->settings);
    text.mode = field_text(&form->fields[ENTRY_NETWORK]);
    text.allow = field_text(&form->fields[ENTRY_ALLOW]);
    text.allow_where = "allow";
    rules_done(&form->rules);
    error_done(&form->rules_err);
    (void)!rules_read(&text, &form->rules, &form->rules_err);
}

static bool has_choice(const struct form *form) {
    return form->found.count > 1;
}

/* Returns the row behind them. Where not all have room, those around the current one are seen. */
static int draw_fields(const struct form *form, struct area area) {
    int row = 0, position = 0;
    if (form->err.class) {
        row = draw_wrapped(area, row, 1, STYLE_BAD, form->err.message);
        for (size_t i = 0; i < form->err.hints.count; i++)
            row = draw_wrapped(area, row, 3, STYLE_STRONG, form->err.hints.items[i]);
    }
    for (int i = 0; i < form->current; i++)
        position += is_there(form, i);
    int room = area.rows - row - 1 - has_choice(form), above = position >= room ? position - room + 1 : 0;
    for (int i = 0; i < ENTRIES && room > 0; i++) {
        if (!is_there(form, i) || above-- > 0)
            continue;
        bool current = i == form->current;
        draw_text(area, row, 1, current ? STYLE_STRONG : STYLE_DIM, entry_specs[i].label);
        field_draw(&form->fields[i], area, row++, 12, area.columns - 13, current);
        room--;
        if (!current || !has_choice(form))
            continue;
        _cleanup_free_ char *found = strings_join(&form->found, "  ");
        draw_text(area, row++, 12, STYLE_PLAIN, found);
    }
    draw_text(area, row++, 12, STYLE_DIM, entry_specs[form->current].hint);
    return row;
}

static void draw_plan(const struct form *form, struct area area) {
    _cleanup_free_ char *text = str_copy(form->plan);
    char *rest = text;
    int row = 0;
    for (char *line; (line = strsep(&rest, "\n")) && row < area.rows;)
        draw_text(area, row++, 1, STYLE_PLAIN, line);
}

/* What the workspace asks for, and what of it is not taken. */
static void draw_asked(const struct form *form, struct area area, int row) {
    if (form->asked_err.class && form->mapping.known)
        row = draw_wrapped(area, row, 1, STYLE_BAD, form->asked_err.message);
    for (size_t i = 0; i < form->asked.taken.count; i++)
        row = draw_wrapped(area, row, 1, STYLE_PLAIN, form->asked.taken.items[i]);
    for (size_t i = 0; i < form->asked.refused.count; i++) {
        _cleanup_free_ char *line = str_printf("not taken: %s", form->asked.refused.items[i]);
        row = draw_wrapped(area, row, 1, STYLE_WARNING, line);
    }
    if (form->asked.refused.count)
        draw_text(area, row, 1, STYLE_DIM, "berth trust takes it (: runs it here)");
}

/* The mapping, and below it the network: its first line at least. */
static void draw_decisions(const struct form *form, struct area area) {
    area = where_draw(&form->where, area);
    struct area mapping = area;
    mapping.rows -= form->rules_err.class ? 2 : 1;
    int row = mapping_draw(&form->mapping, "Ctrl-y", mapping);
    row = network_draw(&form->rules, &form->rules_err, area, row);
    draw_asked(form, area, row);
}

static void draw(void *state, struct area area) {
    struct form *form = state;
    struct area left = {area.row + 1, area.column, area.rows - 2, area.columns}, right = {0};
    decide(form);
    read_rules(form);
    if (area.columns >= 100) {
        left.columns = area.columns / 2;
        right = (struct area){left.row, left.columns, left.rows, area.columns - left.columns};
    } else if (area.rows >= 22) {
        left.rows = 11;
        right = (struct area){left.row + 11, area.column, area.rows - 2 - 11, area.columns};
    }
    struct area inside = draw_box(left), rest = inside;
    draw_text(left, 0, 2, STYLE_STRONG, form->shell ? "New shell session" : "Run a command");
    if (form->plan) {
        draw_plan(form, inside);
        rest.rows = 0;
    } else {
        int used = draw_fields(form, inside) + 1;
        rest.row += used;
        rest.rows -= used;
    }
    if (right.rows > 0) {
        rest = draw_box(right);
        draw_text(right, 0, 2, STYLE_STRONG, "Mapping");
    }
    if (rest.rows > 1)
        draw_decisions(form, rest);
}

static bool may_launch(const struct form *form) {
    return form->mapping.known && form->mapping.decision.method != IDMAP_REFUSED;
}

/* Both filled in as the form says; false with form->err. */
static bool fill(struct form *form, struct launch_request *request, struct settings *settings) {
    error_done(&form->err);
    settings_copy(settings, form->host->settings);
    if (!entries_take_settings(form->fields, settings, &form->err) ||
        !entries_take_request(form->fields, form->shell, request, &form->err))
        return false;
    if (ask_workspace(form, settings))
        return true;
    error_move(&form->err, &form->asked_err);
    return false;
}

static void drop(struct launch_request *request, struct settings *settings) {
    request_done(request);
    settings_done(settings);
    free(request);
    free(settings);
}

static void launch(struct form *form) {
    struct host *host = form->host;
    decide(form); /* keys can be faster than frames */
    read_rules(form);
    if (form->rules_err.class) {
        error_done(&form->err);
        error_move(&form->err, &form->rules_err);
        return;
    }
    if (!may_launch(form)) {
        error_done(&form->err);
        error_set(&form->err, ERROR_REFUSED, "not launched: the mapping says why, and what to type");
        return;
    }
    struct launch_request *request = mem_new(sizeof *request);
    struct settings *settings = mem_new(sizeof *settings);
    if (!fill(form, request, settings)) {
        drop(request, settings);
        return;
    }
    bool shell = form->shell;
    host->close(host, form);
    host->launch(host, request, settings, shell);
}

/* NULL: the run went wrong, and `err` says why. */
static void plan_came(void *data, char *take_plan, struct error *err) {
    struct form *form = data;
    form->dry_run = NULL;
    free(form->plan);
    form->plan = take_plan;
    error_move(&form->err, err);
    form->host->redraw(form->host);
}

static void show_plan(struct form *form) {
    if (form->dry_run)
        return;
    struct launch_request *request = mem_new(sizeof *request);
    struct settings *settings = mem_new(sizeof *settings);
    if (fill(form, request, settings)) {
        request->shell = form->shell;
        form->dry_run = dry_run_start(form->host, request, settings, plan_came, form);
    } else {
        drop(request, settings);
    }
}

static void complete(struct form *form) {
    struct field *field = &form->fields[ENTRY_WORKSPACE];
    _cleanup_free_ char *line = folders_complete(field_text(field), &form->found);
    if (line)
        field_set(field, line);
}

static void take_recent(struct form *form) {
    if (form->recent.count == 0)
        return;
    _cleanup_free_ char *path = draw_path(form->recent.items[form->next_recent++ % form->recent.count]);
    field_set(&form->fields[ENTRY_WORKSPACE], path);
}

static void move(struct form *form, int step) {
    do
        form->current = (form->current + step + ENTRIES) % ENTRIES;
    while (!is_there(form, form->current));
}

static void toggle(struct form *form) {
    struct field *field = &form->fields[ENTRY_PERSISTENT];
    field_set(field, str_equal(field_text(field), "yes") ? "no" : "yes");
}

static void next_mode(struct form *form, int step) {
    struct field *field = &form->fields[ENTRY_NETWORK];
    enum network_mode mode = NETWORK_RESTRICTED;
    (void)!network_mode_parse(field_text(field), &mode);
    field_set(field,
              network_mode_name((enum network_mode)(((int)mode + NETWORK_MODES + step) % NETWORK_MODES)));
}

/* Of an entry that is one of few words, a key takes another; nothing is typed there. */
static void choose(struct form *form, int code) {
    bool back = code == UI_LEFT;
    if (code != ' ' && code != UI_LEFT && code != UI_RIGHT)
        return;
    if (form->current == ENTRY_PERSISTENT)
        toggle(form);
    else
        next_mode(form, back ? -1 : 1);
}

static void key(void *state, const struct key *key) {
    struct form *form = state;
    bool typed = !key->pasted;
    strings_done(&form->found);
    if (form->plan) {
        free(form->plan);
        form->plan = NULL;
    } else if (typed && (key->code == UI_ESCAPE || key->code == UI_CTRL('c'))) {
        form->host->close(form->host, form);
    } else if (typed && key->code == UI_ENTER) {
        launch(form);
    } else if (typed && key->code == UI_CTRL('p')) {
        show_plan(form);
    } else if (typed && key->code == UI_CTRL('y')) {
        mapping_copy(form->host, &form->mapping, NULL);
    } else if (typed && key->code == UI_CTRL('n')) {
        take_recent(form);
    } else if (typed && key->code == UI_CTRL('t')) {
        form->shell = !form->shell;
        form->current = ENTRY_WORKSPACE;
    } else if (typed && key->code == UI_TAB && form->current == ENTRY_WORKSPACE) {
        complete(form);
    } else if (typed && (key->code == UI_DOWN || key->code == UI_TAB)) {
        move(form, 1);
    } else if (typed && (key->code == UI_UP || key->code == UI_BACK_TAB)) {
        move(form, -1);
    } else if (form->current == ENTRY_PERSISTENT || form->current == ENTRY_NETWORK) {
        if (typed)
            choose(form, key->code);
    } else if (field_key(&form->fields[form->current], key)) {
        error_done(&form->err);
    }
}

const struct view view_form = {
    .footer = "enter launch   esc close   down up fields   Ctrl-t shell/run   Ctrl-p plan",
    .enter = enter,
    .leave = leave,
    .draw = draw,
    .key = key};
