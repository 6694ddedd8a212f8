#include "launch/guarding.h"

#include "base/lock.h"
#include "base/path.h"
#include "guard/assume.h"
#include "guard/check.h"
#include "guard/find.h"
#include "incus/instance.h"
#include "launch/reaper.h"
#include "launch/seen.h"

#include <poll.h>
#include <string.h>
#include <sys/syscall.h>

/* How long the end of a container is waited for, and how often it is looked. */
#define END_PATIENCE_MS 60000
#define END_RETRY_MS    50

/* Of changes, so many are named in a question. */
#define NAMED_MOST 4

static struct guard_input input_of(const struct prepared *prepared) {
    return (struct guard_input){.workspace = prepared->workspace.source,
                                .given = prepared->workspace.path,
                                .mounts = &prepared->mounts,
                                .settings = prepared->request->settings};
}

static bool find(struct prepared *prepared, struct error *err) {
    struct guard_input input = input_of(prepared);
    guard_done(&prepared->guard);
    if (prepared->workspace.elsewhere)
        return guard_assume(&input, &prepared->guard, err);
    if (!guard_find(&input, &prepared->guard, err))
        return false;
    if (prepared->empty || !guard_count(&prepared->guard, GUARD_COVERED))
        return true;
    prepared->empty = baseline_empty(err);
    return prepared->empty;
}

bool guarding_find(struct prepared *prepared, struct error *err) {
    _cleanup_(error_done) struct error ignored = {0};
    baseline_make_directory(&ignored); /* where it lies in the workspace it is to be protected */
    return find(prepared, err);
}

void guarding_disks(const struct guard *guard, const struct project *project, struct mounts *mounts) {
    for (size_t i = 0; i < guard->root_count; i++) {
        const struct guard_root *root = &guard->roots[i];
        if (!root->common || (project && !project_allows_source(project, root->source)))
            continue;
        mounts->items = mem_grow(mounts->items, (mounts->count + 1) * sizeof *mounts->items);
        mounts->items[mounts->count++] =
            (struct mount){.source = str_copy(root->source), .path = str_copy(root->inside)};
    }
}

void guarding_disks_of(const struct workspace *workspace, const struct settings *settings,
                       const struct project *project, struct mounts *mounts) {
    const struct guard_input input = {.workspace = workspace->source,
                                      .given = workspace->path,
                                      .mounts = mounts,
                                      .settings = settings,
                                      .tolerant = true};
    _cleanup_(guard_done) struct guard guard = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (guard_find(&input, &guard, &ignored))
        guarding_disks(&guard, project, mounts);
}

/* https://www.kernel.org/doc/html/latest/admin-guide/LSM/apparmor.html */
static bool host_has_apparmor(void) {
    _cleanup_(buffer_done) struct buffer answer = {0};
    _cleanup_(error_done) struct error ignored = {0};
    return path_read("/sys/module/apparmor/parameters/enabled", &answer, &ignored) && answer.size &&
           answer.data[0] == 'Y';
}

static void drop_common(struct guard *guard) {
    guard_drop_common(guard, "the project does not allow to mount it");
}

bool guarding_settle(struct prepared *prepared, const struct project *project, struct error *err) {
    const char *root = settings_text(prepared->request->settings, SETTING_GUARD_ROOT);
    struct guard *guard = &prepared->guard;
    for (size_t i = 0; i < guard->root_count; i++)
        prepared->no_common |=
            guard->roots[i].common && !project_allows_source(project, guard->roots[i].source);
    if (prepared->no_common)
        drop_common(guard);
    if (prepared->empty && !project_allows_source(project, prepared->empty)) {
        error_set(err, ERROR_REFUSED,
                  "project %s does not allow to mount %s, which secrets are covered with", project->name,
                  prepared->empty);
        error_hint(err, "an administrator adds it to the project's restricted.devices.disk.paths");
        return false;
    }
    const char *why = prepared->place.other  ? "whether its host has AppArmor cannot be told from here"
                      : !host_has_apparmor() ? "this host has no AppArmor"
                      : project->restricted && !project->lowlevel ? "the project forbids rules of AppArmor"
                                                                  : NULL;
    bool strict = str_equal(root, "apparmor");
    prepared->apparmor = !why && strict;
    if (!strict || !why)
        return true;
    error_set(err, ERROR_REFUSED, "the guard cannot hold against root inside: %s", why);
    error_hint(err, "--no-root lets nobody become root inside instead");
    return false;
}

static char *id_of(const struct incus *client, const char *name) {
    return check_id(incus_address(client), incus_project(client), name);
}

/* Sessions that were noted, and have ended: their instances are gone, or do not run. By their ids. */
static void find_ended(struct incus *client, const struct prepared *prepared,
                       const struct strings *sessions, struct strings *ended) {
    for (size_t i = 0; i < sessions->count; i++) {
        _cleanup_free_ char *name = check_session_name(sessions->items[i]), *id = id_of(client, name);
        _cleanup_(instance_done) struct instance instance = {0};
        _cleanup_(error_done) struct error ignored = {0};
        bool listed = strings_has(&prepared->taken, name);
        if (!str_equal(check_session_id(sessions->items[i]), id))
            continue; /* another daemon's */
        _cleanup_free_ char *lock = check_launch_lock(id);
        if (listed ? instance_get(client, name, &instance, &ignored) && !instance_running(&instance) &&
                         !lock_is_held(lock)
                   : check_session_is_old(sessions->items[i]))
            strings_add(ended, id);
    }
}

/* What changed, in a line; NULL if nothing did. Caller owns. */
static char *name_changes(const struct baseline *baseline, struct error *err) {
    _cleanup_(changes_done) struct changes changes = {0};
    _cleanup_(strings_done) struct strings words = {0};
    if (!changes_find(baseline, &changes, err) || !changes.count)
        return NULL;
    for (size_t i = 0; i < changes.count && i < NAMED_MOST; i++)
        strings_take(&words, change_text(&changes, &changes.items[i]));
    if (changes.count > NAMED_MOST)
        strings_printf(&words, "and %zu more", changes.count - NAMED_MOST);
    return strings_join(&words, "; ");
}

static bool refuse(const struct prepared *prepared, const char *what, struct error *err) {
    const char *workspace = prepared->workspace.path;
    error_set(err, ERROR_REFUSED, "guarded paths of %s changed during a session: %s", workspace, what);
    error_hint(err, "berth guard %s shows the difference", workspace);
    error_hint(err, "berth guard restore %s puts it back; --accept takes it and goes on", workspace);
    return false;
}

/* Earlier sessions of the workspace, as they were noted; nothing is locked while somebody is asked. */
struct earlier {
    struct strings sessions, ended;
    char *what; /* changed; NULL: nothing */
    bool accepted;
};

static void earlier_done(struct earlier *earlier) {
    strings_done(&earlier->sessions);
    strings_done(&earlier->ended);
    free(earlier->what);
}

static bool look_at_earlier(const struct prepared *prepared, struct earlier *earlier, struct error *err) {
    _cleanup_(baseline_done) struct baseline baseline = {0};
    if (!baseline_load(prepared->workspace.source, &baseline, err))
        return false;
    if (!baseline.workspace)
        return true;
    earlier->what = name_changes(&baseline, err);
    earlier->sessions = baseline.sessions;
    baseline.sessions = (struct strings){0};
    return err->class == ERROR_NONE;
}

/* What changed in an earlier session: true if this one may begin all the same. */
static bool pass(const struct prepared *prepared, struct earlier *earlier,
                 const struct launch_watcher *watcher, struct error *err) {
    const struct launch_request *request = prepared->request;
    bool warn = str_equal(settings_text(request->settings, SETTING_GUARD_CHANGED), "warn");
    if (!earlier->what)
        return true;
    _cleanup_free_ char *question =
        str_printf("changed during an earlier session: %s. Accept and go on?", earlier->what);
    earlier->accepted = request->accept || (!warn && watcher->ask && watcher->ask(watcher->data, question));
    if (!earlier->accepted && !warn)
        return refuse(prepared, earlier->what, err);
    if (!earlier->accepted)
        watcher_notice(watcher, "warning: changed during an earlier session: %s; berth guard shows it",
                       earlier->what);
    return true;
}

/* What was asked about has become something else meanwhile. */
static bool changed_again(const struct baseline *baseline, const struct earlier *earlier,
                          struct error *err) {
    _cleanup_free_ char *now = name_changes(baseline, err);
    return err->class || !str_equal(now, earlier->what);
}

/*
 * Once more, now that nobody else notes or settles: what was there when the launch was prepared may have
 * been made for a session that has ended since, and be gone.
 */
static bool find_again(struct prepared *prepared, struct error *err) {
    if (!find(prepared, err))
        return false;
    if (prepared->no_common)
        drop_common(&prepared->guard);
    return true;
}

static bool note(struct prepared *prepared, const struct earlier *earlier, const char *id,
                 struct error *err) {
    _cleanup_(baseline_done) struct baseline baseline = {0};
    struct guard_input input = input_of(prepared);
    if (!baseline_load(input.workspace, &baseline, err))
        return false;
    for (size_t i = 0; i < earlier->ended.count; i++)
        check_forget(&baseline, earlier->ended.items[i]);
    if (baseline.workspace && earlier->accepted && changed_again(&baseline, earlier, err))
        return err->class != ERROR_NONE ? false : refuse(prepared, "something more, just now", err);
    if (baseline.workspace && earlier->accepted && !check_accept(&baseline, err))
        return false;
    if (baseline.workspace && !earlier->what && !baseline.sessions.count)
        check_close(&baseline);
    check_remember(&baseline, id, false);
    return find_again(prepared, err) && check_begin(&baseline, &input, &prepared->guard, err);
}

/* Nothing can be noted, as on a full disk: the mounts are there all the same. */
static bool go_without(struct prepared *prepared, const struct launch_watcher *watcher, struct error *err) {
    if (err->class != ERROR_FAILED || !err->code)
        return false;
    guard_drop_placeholders(&prepared->guard);
    watcher_notice(watcher, "warning: what changes of what is guarded will not be seen: %s", err->message);
    error_done(err);
    return true;
}

bool guarding_begin(struct incus *client, struct prepared *prepared, const char *name,
                    const struct launch_watcher *watcher, struct error *err) {
    _cleanup_(earlier_done) struct earlier earlier = {0};
    for (size_t i = 0; prepared->workspace.elsewhere && i < prepared->guard.warnings.count; i++)
        watcher_notice(watcher, "warning: %s", prepared->guard.warnings.items[i]);
    if (prepared->workspace.elsewhere) /* nothing that could be noted is seen */
        return true;
    if (!look_at_earlier(prepared, &earlier, err))
        return go_without(prepared, watcher, err);
    find_ended(client, prepared, &earlier.sessions, &earlier.ended);
    if (!pass(prepared, &earlier, watcher, err))
        return false;
    _cleanup_free_ char *id = id_of(client, name), *lock = check_launch_lock(id);
    prepared->launching = lock_take(lock);
    if (!note(prepared, &earlier, id, err))
        return go_without(prepared, watcher, err);
    str_set(&prepared->noted, id);
    for (size_t i = 0; i < prepared->guard.warnings.count; i++)
        watcher_notice(watcher, "warning: %s", prepared->guard.warnings.items[i]);
    return true;
}

bool guarding_named(const struct incus *client, struct prepared *prepared, const char *name,
                    struct error *err) {
    _cleanup_(baseline_done) struct baseline baseline = {0};
    _cleanup_free_ char *id = id_of(client, name);
    if (!prepared->noted || str_equal(prepared->noted, id))
        return true;
    if (!baseline_load(prepared->workspace.source, &baseline, err) || !baseline.workspace)
        return err->class == ERROR_NONE;
    check_forget(&baseline, prepared->noted);
    check_remember(&baseline, id, false);
    str_set(&prepared->noted, id);
    return baseline_save(&baseline, err);
}

/* Noted with the session: its guard holds against root inside. */
static void note_strength(const struct prepared *prepared) {
    _cleanup_(baseline_done) struct baseline baseline = {0};
    _cleanup_(error_done) struct error ignored = {0};
    if (!prepared->noted || !baseline_load(prepared->workspace.source, &baseline, &ignored) ||
        !baseline.workspace)
        return;
    check_remember(&baseline, prepared->noted, true);
    if (!baseline_save(&baseline, &ignored))
        error_done(&ignored);
}

bool guarding_verify(struct incus *client, const struct prepared *prepared, const struct plan *plan,
                     const struct launch_watcher *watcher, struct error *err) {
    if (plan->no_root && !seen_no_root(client, plan, err))
        return false;
    bool rules = *plan->probe, held = rules && seen_against_root(client, plan->name, plan->probe);
    if (held || plan->no_root)
        note_strength(prepared);
    if (held || !rules)
        return true;
    if (str_equal(settings_text(prepared->request->settings, SETTING_GUARD_ROOT), "apparmor")) {
        error_set(
            err, ERROR_REFUSED,
            "the guard of %s does not hold against root inside, although its rules of AppArmor are set",
            plan->name);
        return false;
    }
    watcher_notice(watcher, "warning: AppArmor does not keep root in %s from unmounting what is guarded",
                   plan->name);
    return true;
}

void guarding_failed(struct prepared *prepared) {
    _cleanup_(error_done) struct error ignored = {0};
    size_t changed = 0;
    if (prepared->noted && !check_end(prepared->noted, &changed, &ignored))
        error_done(&ignored);
    str_set(&prepared->noted, NULL);
    lock_release(prepared->launching);
    prepared->launching = NULL;
}

/*
 * Its first process has died, and every other in it with that (pid_namespaces(7)): the daemon says so much
 * later, and what changes from here on is the host's own. False if it cannot be waited for.
 */
static bool await_first_process(struct incus *client, const char *name) {
    _cleanup_json_ json_t *state = NULL;
    _cleanup_(error_done) struct error ignored = {0};
    if (!instance_state(client, name, &state, &ignored))
        return false;
    pid_t pid = (pid_t)json_int_at(state, "pid");
    _cleanup_close_ int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    struct pollfd ended = {.fd = fd, .events = POLLIN};
    return fd >= 0 && poll(&ended, 1, END_PATIENCE_MS) == 1;
}

/* The reaper's work: `data` is the name. */
static void settle_when_ended(struct incus *client, const char *words, const void *data) {
    (void)words;
    const char *name = data;
    _cleanup_free_ char *id = id_of(client, name);
    _cleanup_(error_done) struct error settling = {0};
    size_t all = 0;
    if (await_first_process(client, name) && check_end(id, &all, &settling))
        return;
    for (int64_t begin = loop_now(); loop_now() - begin < END_PATIENCE_MS;) {
        _cleanup_(instance_done) struct instance instance = {0};
        _cleanup_(error_done) struct error err = {0};
        size_t changed = 0;
        bool there = instance_get(client, name, &instance, &err);
        if ((there && !instance_running(&instance)) || err.code == 404) {
            error_done(&err);
            if (check_end(id, &changed, &err))
                return;
        }
        error_done(&err);
        if (!loop_pause(incus_loop(client), END_RETRY_MS, &err))
            return;
    }
}

void guarding_leave(struct incus *client, const char *name) {
    int reaper = reaper_start(client, -1, settle_when_ended, name);
    if (reaper >= 0)
        close(reaper);
}
