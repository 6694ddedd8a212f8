/* What the session changed in its workspace's repository. */
#include "guard/head.h"
#include "session/diff.h"
#include "ui/view/host.h"

#include <string.h>

struct changes_view {
    struct host *host;
    struct strings lines;
    struct error err; /* why there are none */
    bool loaded;
    size_t scroll;
};

static void *enter(struct host *host, const void *argument) {
    struct changes_view *changes = mem_new(sizeof *changes);
    (void)argument;
    changes->host = host;
    return changes;
}

static void forget(void *state) {
    struct changes_view *changes = state;
    strings_done(&changes->lines);
    error_done(&changes->err);
    changes->loaded = false;
    changes->scroll = 0;
}

static void leave(void *state) {
    forget(state);
    free(state);
}

static enum style style_of(const char *line) {
    return str_starts(line, "+++") || str_starts(line, "---") || str_starts(line, "diff ") ? STYLE_STRONG
           : str_starts(line, "index ")                                                    ? STYLE_DIM
           : *line == '+' || str_starts(line, " new: ")                                    ? STYLE_GOOD
           : *line == '-'                                                                  ? STYLE_BAD
           : *line == '@'                                                                  ? STYLE_TITLE
                                                                                           : STYLE_PLAIN;
}

static void draw_error(const struct changes_view *changes, struct area area) {
    int row = draw_wrapped(area, 0, 1, STYLE_WARNING, changes->err.message);
    for (size_t i = 0; i < changes->err.hints.count; i++)
        row = draw_wrapped(area, row, 1, STYLE_DIM, changes->err.hints.items[i]);
}

/* Tabs are eight columns wide, as in a terminal. Caller owns. */
static char *without_tabs(const char *line) {
    _cleanup_(buffer_done) struct buffer text = {0};
    size_t column = 0;
    buffer_text(&text, "");
    for (; *line; line++) {
        size_t end = *line == '\t' ? (column / 8 + 1) * 8 : column + 1;
        for (; *line == '\t' && column < end; column++)
            buffer_text(&text, " ");
        if (*line != '\t')
            buffer_add(&text, line, 1);
        column = end;
    }
    return str_copy(text.data);
}

static void draw(void *state, struct area area) {
    struct changes_view *changes = state;
    size_t rows = (size_t)area.rows, count = changes->lines.count, most = count > rows ? count - rows : 0;
    if (changes->err.class != ERROR_NONE) {
        draw_error(changes, area);
        return;
    }
    if (changes->loaded && !count)
        draw_text(area, 0, 1, STYLE_DIM, "nothing differs");
    if (changes->scroll > most)
        changes->scroll = most;
    for (size_t i = 0; i < rows && changes->scroll + i < count; i++) {
        _cleanup_free_ char *line = without_tabs(changes->lines.items[changes->scroll + i]);
        draw_text(area, (int)i, 0, style_of(line), line);
    }
}

static void scroll(void *state, int lines) {
    struct changes_view *changes = state;
    changes->scroll =
        lines < 0 && (size_t)-lines > changes->scroll ? 0 : (size_t)((long)changes->scroll + lines);
}

static bool load(const struct changes_view *changes, const char *workspace, const char *commit,
                 struct diff *diff, struct error *err) {
    _cleanup_(git_head_done) struct git_head head = {0};
    if (!git_head_read(workspace, &head))
        return error_set(err, ERROR_FAILED, "the workspace is no git repository");
    if (!*commit && !*head.commit)
        return error_set(err, ERROR_FAILED, "the repository has no commit yet");
    if (!diff_load(changes->host->loop, changes->host->settings, workspace, commit, diff, err))
        return false;
    if (!*commit)
        strings_add(&diff->lines, "(since the last commit: where the session began is not noted)");
    return true;
}

static void fetch(void *state) {
    struct changes_view *changes = state;
    const struct store_row *row = host_row(changes->host);
    if (!row || row->session.foreign || row->session.elsewhere || !*row->session.workspace)
        return;
    _cleanup_free_ char *name = str_copy(row->key), *workspace = str_copy(row->session.workspace),
                        *commit = str_copy(row->session.commit);
    _cleanup_(diff_done) struct diff diff = {0};
    _cleanup_(error_done) struct error err = {0};
    bool good = load(changes, workspace, commit, &diff, &err);
    if (!str_equal(name, changes->host->shown))
        return;
    size_t place = changes->scroll;
    forget(changes);
    changes->scroll = place;
    changes->loaded = true;
    if (diff.cut)
        strings_add(&diff.lines, "… there is more");
    if (good) {
        struct strings none = {0};
        changes->lines = diff.lines;
        diff.lines = none;
    } else {
        error_move(&changes->err, &err);
    }
}

const struct view view_changes = {.title = "Changes",
                                  .enter = enter,
                                  .leave = leave,
                                  .draw = draw,
                                  .scroll = scroll,
                                  .forget = forget,
                                  .fetch = fetch};
