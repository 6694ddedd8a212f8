#include "guard/check.h"

#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

/* Within this time a session that was begun has got its container. */
#define LAUNCH_SECONDS 120

static void note_placeholder(struct baseline *baseline, const char *path, uint64_t inode, bool directory,
                             int64_t size) {
    baseline->placeholders = mem_grow(baseline->placeholders,
                                      (baseline->placeholder_count + 1) * sizeof *baseline->placeholders);
    baseline->placeholders[baseline->placeholder_count++] =
        (struct placeholder){str_copy(path), inode, directory, size};
}

/* One of them, if nothing is there still; its inode is noted. A place where nothing can be made is left. */
static void make_placeholder(struct placeholder *placeholder, const char *content) {
    const char *name;
    struct stat info;
    _cleanup_close_ int parent = beneath_parent(placeholder->path, &name);
    if (parent < 0)
        return;
    if (placeholder->directory) {
        if (mkdirat(parent, name, 0755) == 0 && fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) == 0)
            placeholder->inode = info.st_ino;
        return;
    }
    _cleanup_close_ int fd =
        openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0 && fstat(fd, &info) == 0) {
        placeholder->inode = info.st_ino;
        if (write(fd, content, strlen(content)) != (ssize_t)strlen(content))
            placeholder->size = 0;
    }
}

static void remove_placeholder(const struct placeholder *placeholder) {
    const char *name;
    struct stat info;
    _cleanup_close_ int parent = beneath_parent(placeholder->path, &name);
    if (parent < 0 || !placeholder->inode || fstatat(parent, name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
        info.st_ino != placeholder->inode)
        return;
    /* what somebody has put into it meanwhile is theirs */
    if (placeholder->directory && S_ISDIR(info.st_mode))
        unlinkat(parent, name, AT_REMOVEDIR);
    else if (!placeholder->directory && S_ISREG(info.st_mode) && info.st_size == placeholder->size)
        unlinkat(parent, name, 0);
}

/* Those that no other workspace's sessions still need. */
static void remove_placeholders(struct baseline *baseline) {
    _cleanup_(baseline_done) struct baseline others = {0};
    if (baseline->placeholder_count)
        baseline_others(baseline->workspace, &others);
    for (size_t i = baseline->placeholder_count; i-- > 0;) {
        if (!baseline_placeholder(&others, baseline->placeholders[i].path))
            remove_placeholder(&baseline->placeholders[i]);
        free(baseline->placeholders[i].path);
    }
    baseline->placeholder_count = 0;
}

static void take_text(struct settings *to, const struct settings *from, enum setting which) {
    str_set(&to->values[which].text, settings_text(from, which));
    str_set(&to->values[which].where, "the session's guard");
}

static bool has_mount(const struct mounts *mounts, const struct mount *mount) {
    for (size_t i = 0; i < mounts->count; i++)
        if (str_equal(mounts->items[i].source, mount->source))
            return true;
    return false;
}

static void take_mounts(struct mounts *to, const struct mounts *from) {
    for (size_t i = 0; from && i < from->count; i++) {
        if (from->items[i].read_only || has_mount(to, &from->items[i]))
            continue;
        to->items = mem_grow(to->items, (to->count + 1) * sizeof *to->items);
        to->items[to->count++] = (struct mount){.source = str_copy(from->items[i].source),
                                                .path = str_copy(from->items[i].path)};
    }
}

static bool needs_making(const struct guarded *item) {
    return item->placeholder || (item->source && access(item->source, F_OK) < 0);
}

static bool all_made(const struct baseline *baseline, const struct guard *guard, size_t before,
                     struct error *err) {
    for (size_t i = before; i < baseline->placeholder_count; i++) {
        const struct placeholder *placeholder = &baseline->placeholders[i];
        if (placeholder->inode || access(placeholder->path, F_OK) == 0)
            continue;
        error_set(err, ERROR_REFUSED, "%s could not be made, so that nothing protects its place",
                  guard_shown(guard, placeholder->path));
        error_hint(err, "[guard] writable = %s leaves it without protection",
                   guard_shown(guard, placeholder->path));
        return false;
    }
    return true;
}

/* What is there because another workspace's sessions have made it is needed by this one's, too. */
static void share_placeholders(struct baseline *baseline, const struct guard *guard) {
    _cleanup_(baseline_done) struct baseline others = {0};
    baseline_others(baseline->workspace, &others);
    for (size_t i = 0; i < others.placeholder_count; i++)
        prints_drop(&baseline->prints, others.placeholders[i].path);
    for (size_t i = 0; i < guard->count && others.placeholder_count; i++) {
        const char *path = guard->items[i].source ? guard->items[i].source : guard->items[i].path;
        const struct placeholder *made = baseline_placeholder(&others, path);
        struct stat info;
        if (made && !baseline_placeholder(baseline, path) && lstat(path, &info) == 0 &&
            info.st_ino == made->inode)
            note_placeholder(baseline, path, made->inode, made->directory, made->size);
    }
}

bool check_begin(struct baseline *baseline, const struct guard_input *input, const struct guard *guard,
                 struct error *err) {
    if (!baseline->workspace) {
        baseline->workspace = str_copy(input->workspace);
        baseline->given = str_copy(input->given);
        baseline->taken = time(NULL);
        prints_take(guard, NULL, &baseline->prints);
        share_placeholders(baseline, guard);
        baseline_copy(baseline);
    } else {
        share_placeholders(baseline, guard);
    }
    take_text(&baseline->settings, input->settings, SETTING_GUARD_PATHS);
    take_text(&baseline->settings, input->settings, SETTING_GUARD_WRITABLE);
    take_text(&baseline->settings, input->settings, SETTING_SECRET_PATHS);
    take_mounts(&baseline->mounts, input->mounts);
    size_t before = baseline->placeholder_count, made = before;
    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded *item = &guard->items[i];
        if (needs_making(item))
            note_placeholder(baseline, item->source ? item->source : item->path, 0, item->directory,
                             item->content ? (int64_t)strlen(item->content) : 0);
    }
    if (!baseline_save(baseline, err))
        return false;
    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded *item = &guard->items[i];
        if (needs_making(item))
            make_placeholder(&baseline->placeholders[made++], item->content ? item->content : "");
    }
    return made == before || (all_made(baseline, guard, before, err) && baseline_save(baseline, err));
}

char *check_id(const char *socket, const char *project, const char *container) {
    return str_printf("%s %s %s", container, project, socket);
}

/* "SECONDS root ID": since when, and against whom. */
void check_remember(struct baseline *baseline, const char *id, bool holds) {
    check_forget(baseline, id);
    strings_printf(&baseline->sessions, "%lld %s %s", (long long)time(NULL), holds ? "root" : "code", id);
}

/* What stands behind the first blank. */
static const char *behind(const char *text) {
    const char *blank = strchr(text, ' ');
    return blank ? blank + 1 : "";
}

const char *check_session_id(const char *session) {
    return behind(behind(session));
}

bool check_session_holds(const char *session) {
    return str_starts(behind(session), "root ");
}

char *check_session_name(const char *session) {
    const char *id = check_session_id(session);
    return str_copy_n(id, strcspn(id, " "));
}

bool check_session_is_old(const char *session) {
    return llabs(time(NULL) - strtoll(session, NULL, 10)) > LAUNCH_SECONDS;
}

char *check_launch_lock(const char *id) {
    return lock_name("launch", id);
}

static bool is_noted(const struct baseline *baseline, const char *id) {
    for (size_t i = 0; i < baseline->sessions.count; i++)
        if (str_equal(check_session_id(baseline->sessions.items[i]), id))
            return true;
    return false;
}

void check_forget(struct baseline *baseline, const char *id) {
    struct strings *sessions = &baseline->sessions;
    size_t kept = 0;
    for (size_t i = 0; i < sessions->count; i++) {
        if (str_equal(check_session_id(sessions->items[i]), id))
            free(sessions->items[i]);
        else
            sessions->items[kept++] = sessions->items[i];
    }
    sessions->count = kept;
    if (sessions->items)
        sessions->items[kept] = NULL;
}

void check_close(struct baseline *baseline) {
    remove_placeholders(baseline);
    baseline_remove(baseline);
    baseline_forget(baseline);
}

/* `ended`: a session just did. With the last one what was made for them goes; with nothing that changed,
 * what was noted. */
static bool settle(struct baseline *baseline, bool ended, size_t *changed, struct error *err) {
    _cleanup_(changes_done) struct changes changes = {0};
    bool pending = !baseline->sessions.count && !baseline->placeholder_count && !ended;
    if (!baseline->sessions.count)
        remove_placeholders(baseline);
    if (!changes_find(baseline, &changes, err))
        return false;
    *changed += changes.count;
    if (baseline->sessions.count || changes.count) /* what was written already stays as it is */
        return pending || baseline_save(baseline, err);
    check_close(baseline);
    return true;
}

bool check_end(const char *id, size_t *changed, struct error *err) {
    _cleanup_(strings_done) struct strings workspaces = {0};
    baseline_all(&workspaces);
    for (size_t i = 0; i < workspaces.count; i++) {
        _cleanup_(baseline_done) struct baseline baseline = {0};
        if (!baseline_load(workspaces.items[i], &baseline, err))
            return false;
        size_t before = baseline.sessions.count;
        check_forget(&baseline, id);
        if (baseline.workspace && baseline.sessions.count < before)
            return settle(&baseline, true, changed, err);
    }
    return true;
}

static bool has_ended(const char *session, const char *name, const struct check_listed *listed) {
    _cleanup_free_ char *lock = check_launch_lock(check_session_id(session));
    if (strings_has(&listed->running, name))
        return false;
    return strings_has(&listed->all, name) ? !lock_is_held(lock) : check_session_is_old(session);
}

/* Whether there were any. */
static bool forget_ended(struct baseline *baseline, const struct check_listed *listed) {
    _cleanup_(strings_done) struct strings ended = {0};
    for (size_t i = 0; i < baseline->sessions.count; i++) {
        const char *session = baseline->sessions.items[i];
        _cleanup_free_ char *name = check_session_name(session),
                            *id = check_id(listed->socket, listed->project, name);
        bool ours = str_equal(check_session_id(session), id) && str_starts(name, listed->prefix);
        if (ours && has_ended(session, name, listed))
            strings_add(&ended, id);
    }
    for (size_t i = 0; i < ended.count; i++)
        check_forget(baseline, ended.items[i]);
    return ended.count > 0;
}

void check_ended(const struct check_listed *listed, size_t *changed) {
    _cleanup_(strings_done) struct strings workspaces = {0};
    baseline_all(&workspaces);
    for (size_t i = 0; i < workspaces.count; i++) {
        _cleanup_(baseline_done) struct baseline baseline = {0};
        _cleanup_(error_done) struct error ignored = {0};
        if (!baseline_load(workspaces.items[i], &baseline, &ignored) || !baseline.workspace)
            continue;
        /* also one that ran out of sessions without coming to its end */
        bool ended = forget_ended(&baseline, listed);
        if ((ended || !baseline.sessions.count) && !settle(&baseline, ended, changed, &ignored))
            error_done(&ignored);
    }
}

size_t check_changed(const char *id, char **workspace) {
    _cleanup_(strings_done) struct strings workspaces = {0};
    *workspace = NULL;
    baseline_all(&workspaces);
    for (size_t i = 0; i < workspaces.count; i++) {
        _cleanup_(baseline_done) struct baseline baseline = {0};
        _cleanup_(changes_done) struct changes changes = {0};
        _cleanup_(error_done) struct error ignored = {0};
        if (!baseline_load(workspaces.items[i], &baseline, &ignored) || !is_noted(&baseline, id))
            continue;
        *workspace = str_copy(baseline.given);
        return changes_find(&baseline, &changes, &ignored) ? changes.count : 0;
    }
    return 0;
}

bool check_accept(struct baseline *baseline, struct error *err) {
    _cleanup_(changes_done) struct changes changes = {0};
    if (!baseline->sessions.count) {
        check_close(baseline);
        return true;
    }
    if (!changes_find(baseline, &changes, err))
        return false;
    struct prints before = baseline->prints;
    baseline->prints = changes.now;
    changes.now = before;
    baseline_copy(baseline);
    return baseline_save(baseline, err);
}
