/* Another network for the session under the cursor: a mode, and what is listed. */
#include "session/network.h"
#include "ui/terminal/field.h"
#include "ui/view/host.h"

#define COLUMNS_MAX 76
#define ROWS        10

struct chooser {
    struct host *host;
    char *key;
    bool running;
    enum network_mode mode;
    struct field allow;
    struct error err; /* of what was filled in */
};

/* In a task, which goes on when the layer is closed. */
struct moving {
    struct host *host;
    char *key;
    bool running;
    struct settings settings;
};

static void leave(void *state) {
    struct chooser *chooser = state;
    free(chooser->key);
    field_done(&chooser->allow);
    error_done(&chooser->err);
    free(chooser);
}

static void *enter(struct host *host, const void *argument) {
    struct chooser *chooser = mem_new(sizeof *chooser);
    const struct store_row *row = argument;
    const struct session *session = &row->session;
    *chooser = (struct chooser){.host = host,
                                .key = str_copy(row->key),
                                .running = str_equal(session->status, "Running"),
                                .mode = session->mode};
    field_set(&chooser->allow, session->allow);
    return chooser;
}

static void change_task(void *data) {
    struct moving *change = data;
    struct host *host = change->host;
    _cleanup_(error_done) struct error err = {0};
    enum network_mode was;
    loop_interruptible(host->loop, true);
    if (!session_set_network(host_client(host, change->key), daemons_name(change->key), &change->settings,
                             &was, &err))
        host->error(host, &err);
    else
        host->say(host, STYLE_GOOD, "%s: network %s, was %s%s", change->key,
                  settings_text(&change->settings, SETTING_NETWORK), network_mode_name(was),
                  change->running ? "; its connections were cut" : "");
    settings_done(&change->settings);
    free(change->key);
    free(change);
}

/* The settings with what was chosen; false with chooser->err. */
static bool take(struct chooser *chooser, struct settings *settings) {
    _cleanup_(rules_done) struct rules rules = {0};
    const char *allow = field_text(&chooser->allow);
    error_done(&chooser->err);
    settings_copy(settings, chooser->host->settings);
    settings_clear(settings, SETTING_ALLOW, "allow");
    if (!settings_flag(settings, SETTING_NETWORK, "mode", network_mode_name(chooser->mode),
                       &chooser->err) ||
        (*allow && !settings_flag(settings, SETTING_ALLOW, "allow", allow, &chooser->err)))
        return false;
    struct rules_text text = rules_text_of(settings);
    return rules_read(&text, &rules, &chooser->err);
}

static void apply(struct chooser *chooser) {
    struct host *host = chooser->host;
    struct moving *change = mem_new(sizeof *change);
    *change = (struct moving){.host = host, .key = str_copy(chooser->key), .running = chooser->running};
    if (take(chooser, &change->settings)) {
        host->close(host, chooser);
        task_start(host->loop, change_task, change);
        return;
    }
    settings_done(&change->settings);
    free(change->key);
    free(change);
}

static void draw(void *state, struct area area) {
    static const char *const words[NETWORK_MODES] = {
        [NETWORK_RESTRICTED] = "the internet, and what is listed",
        [NETWORK_ALLOWLIST] = "what is listed",
        [NETWORK_OPEN] = "everything that this machine reaches",
        [NETWORK_NONE] = "nothing"};
    struct chooser *chooser = state;
    int columns = area.columns < COLUMNS_MAX ? area.columns : COLUMNS_MAX,
        rows = ROWS < area.rows ? ROWS : area.rows, row = 0;
    struct area box = {area.row + (area.rows - rows) / 2, area.column + (area.columns - columns) / 2, rows,
                       columns},
                inside = draw_box(box);
    draw_format(box, 0, 2, STYLE_STRONG, "Network of %s", chooser->key);
    for (int i = 0; i < NETWORK_MODES; i++, row++) {
        bool current = i == (int)chooser->mode;
        draw_text(inside, row, 1, STYLE_STRONG, current ? theme_glyph(GLYPH_CURSOR) : " ");
        draw_text(inside, row, 3, current ? STYLE_STRONG : STYLE_PLAIN,
                  network_mode_name((enum network_mode)i));
        draw_text(inside, row, 15, STYLE_DIM, words[i]);
    }
    draw_text(inside, ++row, 1, STYLE_DIM, "allow");
    field_draw(&chooser->allow, inside, row++, 15, inside.columns - 16, true);
    if (chooser->err.class)
        draw_wrapped(inside, row, 1, STYLE_BAD, chooser->err.message);
    else if (chooser->running)
        draw_text(inside, row, 1, STYLE_WARNING, "it runs: its connections are cut, its address changes");
}

static void key(void *state, const struct key *key) {
    struct chooser *chooser = state;
    bool typed = !key->pasted;
    int mode = (int)chooser->mode;
    if (typed && (key->code == UI_ESCAPE || key->code == UI_CTRL('c')))
        chooser->host->close(chooser->host, chooser);
    else if (typed && key->code == UI_ENTER)
        apply(chooser);
    else if (typed && (key->code == UI_DOWN || key->code == UI_TAB))
        chooser->mode = (enum network_mode)((mode + 1) % NETWORK_MODES);
    else if (typed && (key->code == UI_UP || key->code == UI_BACK_TAB))
        chooser->mode = (enum network_mode)((mode + NETWORK_MODES - 1) % NETWORK_MODES);
    else if (field_key(&chooser->allow, key))
        error_done(&chooser->err);
}

const struct view view_network = {.footer = "enter change   esc close   down up mode",
                                  .enter = enter,
                                  .leave = leave,
                                  .draw = draw,
                                  .key = key};
