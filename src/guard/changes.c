#include "guard/changes.h"

#include "base/path.h"
#include "guard/find.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>

#define TEXT_MOST 65536

void changes_done(struct changes *changes) {
    for (size_t i = 0; i < changes->count; i++)
        free(changes->items[i].path);
    free(changes->items);
    guard_done(&changes->guard);
    prints_done(&changes->now);
    *changes = (struct changes){0};
}

const char *change_name(enum change_kind kind) {
    static const char *const names[] = {
        [CHANGE_APPEARED] = "appeared", [CHANGE_CHANGED] = "changed", [CHANGE_GONE] = "gone"};
    return names[kind];
}

static void add(struct changes *changes, enum change_kind kind, const struct print *print) {
    const struct change *last = changes->count ? &changes->items[changes->count - 1] : NULL;
    if (last && last->kind == kind && last->directory && path_is_under(print->path, last->path))
        return;
    changes->items = mem_grow(changes->items, (changes->count + 1) * sizeof *changes->items);
    changes->items[changes->count++] =
        (struct change){kind, str_copy(print->path), print->entry == ENTRY_DIRECTORY,
                        kind == CHANGE_GONE ? 0 : print->changed / 1000000000};
}

/* Content, kind and who may run it; times alone are no change. */
static bool differs(const struct print *before, const struct print *now) {
    return before->entry != now->entry || !str_equal(before->digest, now->digest) ||
           (now->entry == ENTRY_FILE && (before->mode & 0111) != (now->mode & 0111));
}

static void compare(const struct prints *before, struct changes *changes) {
    const struct prints *now = &changes->now;
    size_t i = 0, j = 0;
    while (i < before->count || j < now->count) {
        int order = i == before->count ? 1
                    : j == now->count  ? -1
                                       : strcmp(before->items[i].path, now->items[j].path);
        if (order < 0)
            add(changes, CHANGE_GONE, &before->items[i++]);
        else if (order > 0)
            add(changes, CHANGE_APPEARED, &now->items[j++]);
        else if (differs(&before->items[i++], &now->items[j++]))
            add(changes, CHANGE_CHANGED, &now->items[j - 1]);
    }
}

/* One that is as it was made is as good as not there. */
static bool is_placeholder(const struct placeholder *placeholder, const struct print *print) {
    return print->inode == placeholder->inode &&
           print->entry == (placeholder->directory ? ENTRY_DIRECTORY : ENTRY_FILE) &&
           (placeholder->directory || print->size == placeholder->size);
}

static void drop_placeholders(struct prints *prints, const struct baseline *makers) {
    for (size_t i = 0; i < makers->placeholder_count; i++) {
        const struct placeholder *placeholder = &makers->placeholders[i];
        const struct print *print = prints_find(prints, placeholder->path);
        if (print && is_placeholder(placeholder, print))
            prints_drop(prints, placeholder->path);
    }
}

bool changes_find(const struct baseline *baseline, struct changes *changes, struct error *err) {
    const struct guard_input input = {.workspace = baseline->workspace,
                                      .given = baseline->given,
                                      .mounts = &baseline->mounts,
                                      .settings = &baseline->settings,
                                      .tolerant = true};
    if (!guard_find(&input, &changes->guard, err))
        return false;
    prints_take(&changes->guard, &baseline->prints, &changes->now);
    _cleanup_(baseline_done) struct baseline others = {0};
    baseline_others(baseline->workspace, &others);
    drop_placeholders(&changes->now, baseline);
    drop_placeholders(&changes->now, &others);
    compare(&baseline->prints, changes);
    return true;
}

char *change_text(const struct changes *changes, const struct change *change) {
    char when[32] = "";
    time_t at = (time_t)change->when;
    struct tm local;
    if (at && localtime_r(&at, &local))
        strftime(when, sizeof when, " %F %T", &local);
    _cleanup_free_ char *shown = str_shown(guard_shown(&changes->guard, change->path));
    return str_printf("%s%s  %s", change_name(change->kind), when, shown);
}

static bool read_now(const struct change *change, struct buffer *text) {
    _cleanup_close_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return beneath_read(root, change->path + 1, TEXT_MOST, text);
}

static void split(char *text, struct strings *lines) {
    for (char *line; (line = strsep(&text, "\n"));)
        if (*line || text)
            strings_take(lines, str_shown(line));
}

/* What is left of each when the lines that both begin and end with are taken off. */
void change_lines(const struct baseline *baseline, const struct change *change, size_t most,
                  struct strings *lines) {
    _cleanup_(buffer_done) struct buffer before = {0}, now = {0};
    _cleanup_(strings_done) struct strings old = {0}, new = {0};
    const struct print *print = prints_find(&baseline->prints, change->path);
    if (change->directory || (print && !baseline_read_copy(baseline, print, &before)) ||
        (change->kind != CHANGE_GONE && !read_now(change, &now)))
        return;
    if ((before.data && strlen(before.data) != before.size) || (now.data && strlen(now.data) != now.size))
        return;
    split(before.data, &old);
    split(now.data, &new);
    size_t same = 0, tail = 0;
    while (same < old.count && same < new.count &&str_equal(old.items[same], new.items[same]))
        same++;
    while (tail < old.count - same && tail < new.count - same &&str_equal(old.items[old.count - 1 - tail],
                                                                          new.items[new.count - 1 - tail]))
        tail++;
    for (size_t i = same; i < old.count - tail && lines->count < most; i++)
        strings_printf(lines, "-%s", old.items[i]);
    for (size_t i = same; i < new.count - tail && lines->count < most; i++)
        strings_printf(lines, "+%s", new.items[i]);
}

json_t *changes_json(const struct baseline *baseline, const struct changes *changes) {
    json_t *json = json_array();
    for (size_t i = 0; i < changes->count; i++) {
        const struct change *change = &changes->items[i];
        _cleanup_(strings_done) struct strings lines = {0};
        json_t *texts = json_array();
        change_lines(baseline, change, 200, &lines);
        for (size_t j = 0; j < lines.count; j++)
            json_array_append_new(texts, json_text(lines.items[j]));
        json_array_append_new(json, json_pack("{s:o, s:s, s:I, s:o}", "path",
                                              json_text(guard_shown(&changes->guard, change->path)),
                                              "change", change_name(change->kind), "at",
                                              (json_int_t)change->when, "lines", texts));
    }
    return json;
}
