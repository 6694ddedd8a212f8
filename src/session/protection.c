#include "session/protection.h"

#include "guard/devices.h"
#include "guard/find.h"

#include <string.h>
#include <time.h>

#define LINES_MOST 40

void protection_done(struct protection *protection) {
    workspace_done(&protection->workspace);
    guard_done(&protection->guard);
    baseline_done(&protection->baseline);
    changes_done(&protection->changes);
}

bool protection_load(const char *path, const struct settings *settings, const struct mounts *mounts,
                     struct protection *protection, struct error *err) {
    *protection = (struct protection){0};
    if (!workspace_find(path, &protection->workspace, err))
        return false;
    const struct guard_input input = {.workspace = protection->workspace.source,
                                      .given = protection->workspace.path,
                                      .mounts = mounts,
                                      .settings = settings};
    _cleanup_(error_done) struct error refused = {0};
    if (!guard_find(&input, &protection->guard, &refused)) {
        struct guard_input tolerant = input;
        tolerant.tolerant = true;
        guard_done(&protection->guard);
        if (refused.class != ERROR_REFUSED || !guard_find(&tolerant, &protection->guard, err)) {
            error_done(err);
            error_move(err, &refused);
            return false;
        }
        strings_printf(&protection->guard.warnings, "nothing is launched here: %s", refused.message);
    }
    bool good =
        baseline_load(protection->workspace.source, &protection->baseline, err) &&
        (!protection->baseline.workspace || changes_find(&protection->baseline, &protection->changes, err));
    baseline_unlock(&protection->baseline);
    return good;
}

bool protection_accept(const struct protection *protection, struct error *err) {
    _cleanup_(baseline_done) struct baseline baseline = {0};
    return baseline_load(protection->workspace.source, &baseline, err) &&
           (!baseline.workspace || check_accept(&baseline, err));
}

bool protection_restore(const struct protection *protection, char *aside, size_t room, size_t *restored,
                        struct error *err) {
    time_t now = time(NULL);
    struct tm local = {0};
    localtime_r(&now, &local);
    strftime(aside, room, ".berth-aside-%Y%m%dT%H%M%S", &local);
    for (*restored = 0; *restored < protection->changes.count; ++*restored)
        if (!change_restore(&protection->baseline, &protection->changes.items[*restored], aside, err))
            return false;
    return true;
}

static bool against_root(const struct baseline *baseline) {
    bool all = baseline->sessions.count > 0;
    for (size_t i = 0; i < baseline->sessions.count; i++)
        all = all && check_session_holds(baseline->sessions.items[i]);
    return all;
}

char *protection_words(const struct protection *protection) {
    const struct guard *guard = &protection->guard;
    size_t covered = guard_count(guard, GUARD_COVERED);
    _cleanup_free_ char *secrets = covered ? str_printf(", %zu covered", covered) : str_copy("");
    return str_printf("%zu paths read-only%s%s; %s", guard_count(guard, GUARD_READ_ONLY), secrets,
                      guard->writable ? ", weaker by [guard] writable" : "",
                      !protection->baseline.sessions.count ? "no guarded session runs here"
                      : against_root(&protection->baseline)
                          ? "holds against code and against root inside"
                          : "holds against code, not against root inside");
}

json_t *protection_json(const struct protection *protection) {
    const struct baseline *baseline = &protection->baseline;
    json_t *json = guard_json(&protection->guard), *sessions = json_array();
    for (size_t i = 0; i < baseline->sessions.count; i++) {
        _cleanup_free_ char *name = check_session_name(baseline->sessions.items[i]);
        json_array_append_new(
            sessions, json_pack("{s:s, s:s}", "name", name, "against",
                                check_session_holds(baseline->sessions.items[i]) ? "root" : "code"));
    }
    json_object_set_new(json, "workspace", json_text(protection->workspace.path));
    json_object_set_new(json, "sessions", sessions);
    json_object_set_new(json, "noted_at",
                        baseline->workspace ? json_integer(baseline->taken) : json_null());
    json_object_set_new(json, "changes", changes_json(baseline, &protection->changes));
    return json;
}

static void paths_text(const struct guard *guard, struct buffer *text) {
    static const char *const words[] = {
        [GUARD_READ_ONLY] = "",
        [GUARD_FIXED] = "  (neither renamed nor removed)",
        [GUARD_COVERED] = "  (empty inside)",
        [GUARD_REPLACED] = "  (the session's own)",
        [GUARD_WATCHED] = "  (not there; seen if it appears)",
    };
    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded *item = &guard->items[i];
        _cleanup_free_ char *shown = str_shown(guard_shown(guard, item->path));
        buffer_printf(text, "  %-10s %s%s\n", guard_how_name(item->how), shown,
                      item->placeholder ? "  (made for the session)" : words[item->how]);
    }
    for (size_t i = 0; i < guard->warnings.count; i++)
        buffer_printf(text, "  warning: %s\n", guard->warnings.items[i]);
}

static void changes_text(const struct protection *protection, struct buffer *text) {
    const struct changes *changes = &protection->changes;
    char since[32] = "";
    time_t at = (time_t)protection->baseline.taken;
    struct tm local;
    if (localtime_r(&at, &local))
        strftime(since, sizeof since, "%F %T", &local);
    buffer_printf(text, "Changed since %s, while sessions ran:\n", since);
    for (size_t i = 0; i < changes->count; i++) {
        _cleanup_free_ char *line = change_text(changes, &changes->items[i]);
        _cleanup_(strings_done) struct strings lines = {0};
        change_lines(&protection->baseline, &changes->items[i], LINES_MOST, &lines);
        buffer_printf(text, "  %s\n", line);
        for (size_t j = 0; j < lines.count; j++)
            buffer_printf(text, "      %s\n", lines.items[j]);
    }
}

void protection_text(const struct protection *protection, struct buffer *text) {
    const struct baseline *baseline = &protection->baseline;
    _cleanup_free_ char *words = protection_words(protection),
                        *shown = str_shown(protection->workspace.path);
    buffer_printf(text, "Guard of %s: %s\n", shown, words);
    for (size_t i = 0; i < baseline->sessions.count; i++) {
        _cleanup_free_ char *name = check_session_name(baseline->sessions.items[i]);
        buffer_printf(text, "  session    %s  (holds against %s)\n", name,
                      check_session_holds(baseline->sessions.items[i]) ? "code and root inside"
                                                                       : "code; root inside can unmount");
    }
    if (protection->changes.count)
        changes_text(protection, text);
    else if (baseline->workspace)
        buffer_text(text, "Unchanged since the first of these sessions began.\n");
    buffer_text(text, "Paths:\n");
    paths_text(&protection->guard, text);
}

/* The row's changes, if this is its workspace's baseline. */
static void mark(const struct incus *client, struct session *session, const struct baseline *baseline,
                 size_t changed) {
    _cleanup_free_ char *id = check_id(incus_address(client), incus_project(client), session->name);
    bool ours = str_equal(session->workspace, baseline->given) ||
                str_equal(session->workspace, baseline->workspace);
    for (size_t i = 0; i < baseline->sessions.count; i++) {
        if (!str_equal(check_session_id(baseline->sessions.items[i]), id))
            continue;
        ours = session->guarded = true;
        session->holds_root = check_session_holds(baseline->sessions.items[i]);
    }
    if (ours)
        session->changed += changed;
}

static size_t mark_all(const struct incus *client, struct session **sessions, size_t count,
                       struct strings *where) {
    _cleanup_(strings_done) struct strings workspaces = {0};
    size_t all = 0;
    for (size_t i = 0; i < count; i++) {
        sessions[i]->changed = 0;
        sessions[i]->guarded = sessions[i]->holds_root = false;
    }
    baseline_all(&workspaces);
    for (size_t i = 0; i < workspaces.count; i++) {
        _cleanup_(baseline_done) struct baseline baseline = {0};
        _cleanup_(changes_done) struct changes changes = {0};
        _cleanup_(error_done) struct error ignored = {0};
        if (!baseline_load(workspaces.items[i], &baseline, &ignored) || !baseline.workspace ||
            !changes_find(&baseline, &changes, &ignored))
            continue;
        all += changes.count;
        if (changes.count)
            strings_add(where, baseline.given);
        for (size_t j = 0; j < count; j++)
            mark(client, sessions[j], &baseline, changes.count);
    }
    return all;
}

size_t protections_mark(const struct incus *client, const char *prefix, struct session **sessions,
                        size_t count, struct strings *changed) {
    struct check_listed listed = {
        .socket = incus_address(client), .project = incus_project(client), .prefix = prefix};
    size_t ignored = 0;
    for (size_t i = 0; i < count; i++) {
        strings_add(&listed.all, sessions[i]->name);
        if (!str_equal(sessions[i]->status, "Stopped"))
            strings_add(&listed.running, sessions[i]->name);
    }
    check_ended(&listed, &ignored);
    strings_done(&listed.all);
    strings_done(&listed.running);
    return mark_all(client, sessions, count, changed);
}

size_t protections_mark_list(const struct incus *client, const char *prefix, struct session_list *list) {
    _cleanup_free_ struct session **sessions = mem_new((list->count + 1) * sizeof(struct session *));
    _cleanup_(strings_done) struct strings ignored = {0};
    for (size_t i = 0; i < list->count; i++)
        sessions[i] = &list->items[i];
    return protections_mark(client, prefix, sessions, list->count, &ignored);
}

/* The directory that a path lies in; "" for the top. Caller owns. */
static char *parent_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return str_copy_n(path, slash && slash > path ? (size_t)(slash - path) : 0);
}

static void add_once(struct strings *directories, const char *path) {
    if (*path && !strings_has(directories, path))
        strings_add(directories, path);
}

void protections_directories(struct strings *directories) {
    _cleanup_(strings_done) struct strings workspaces = {0};
    _cleanup_free_ char *state = baseline_directory();
    baseline_all(&workspaces);
    add_once(directories, state);
    for (size_t i = 0; i < workspaces.count; i++) {
        _cleanup_(baseline_done) struct baseline baseline = {0};
        _cleanup_(error_done) struct error ignored = {0};
        if (!baseline_load(workspaces.items[i], &baseline, &ignored) || !baseline.workspace)
            continue;
        add_once(directories, baseline.workspace);
        for (size_t j = 0; j < baseline.prints.count; j++) {
            const struct print *print = &baseline.prints.items[j];
            _cleanup_free_ char *parent = parent_of(print->path);
            add_once(directories, parent);
            if (print->entry == ENTRY_DIRECTORY)
                add_once(directories, print->path);
        }
    }
}
