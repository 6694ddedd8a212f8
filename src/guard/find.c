#include "guard/find.h"

#include "base/path.h"
#include "guard/baseline.h"
#include "guard/search.h"
#include "workspace/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

const char *const guard_names[] = {".husky",
                                   ".vscode",
                                   ".idea",
                                   ".envrc",
                                   ".coi",
                                   ".berth",
                                   ".berth.ini",
                                   ".claude/settings.json",
                                   ".claude/settings.local.json",
                                   ".mcp.json",
                                   NULL};

/* Repositories directly below a workspace are looked for among so many names. */
#define CHILDREN_MOST 512

bool guard_read_paths(const struct settings *settings, enum setting which, struct strings *paths,
                      struct error *err) {
    _cleanup_free_ char *copy = str_copy(settings_text(settings, which));
    char *rest = copy;
    for (char *word; (word = strsep(&rest, ","));) {
        word += strspn(word, " \t");
        for (size_t length = strlen(word); length && strchr(" \t/", word[length - 1]); length--)
            word[length - 1] = 0;
        while (str_starts(word, "./"))
            word += 2;
        _cleanup_free_ char *framed = str_printf("/%s/", word);
        if (*word == '/' || strstr(framed, "/../")) {
            _cleanup_free_ char *shown = str_shown(word);
            return error_set(err, ERROR_USAGE, "%s: %s is not a path below the workspace",
                             settings->values[which].where, shown);
        }
        if (*word)
            strings_add(paths, word);
    }
    return true;
}

static bool guard_git(struct guard_search *search, const struct guard_input *input, const char *path) {
    if (search_is_writable(search, path))
        return true;
    switch (search_look(search, path)) {
    case ENTRY_DIRECTORY:
        return repository_guard(search, path);
    case ENTRY_FILE:
        return input ? worktree_guard(search, input) : search_protect(search, path, ABSENT_SKIP, NULL);
    case ENTRY_NONE:
        return search_protect(search, path, input ? ABSENT_WATCH : ABSENT_SKIP, NULL);
    default:
        return search_protect(search, path, ABSENT_SKIP, NULL);
    }
}

/* Repositories in the directories of the workspace. */
static bool guard_children(struct guard_search *search) {
    _cleanup_(strings_done) struct strings names = {0};
    if (!beneath_names(search->fd, ".", CHILDREN_MOST, &names))
        search_warn(search,
                    "more than %d names in %s: repositories in its directories were not looked for "
                    "behind those",
                    CHILDREN_MOST, search->root);
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_free_ char *path = str_printf("%s/.git", names.items[i]);
        enum beneath_entry entry =
            str_equal(names.items[i], ".git") ? ENTRY_NONE : search_look(search, path);
        if (entry == ENTRY_NONE || entry == ENTRY_UNSEEN ||
            (entry == ENTRY_LINK && search_look(search, names.items[i]) == ENTRY_LINK))
            continue;
        if (!guard_git(search, NULL, path))
            return false;
    }
    return true;
}

/* The key by which remotes know us is nobody's inside; one that is read-only could still be read. */
static bool cover_key(struct guard_search *search, const char *settings) {
    char resolved[PATH_MAX];
    _cleanup_free_ char *key = str_printf("%s/client.key", settings);
    if (!realpath(key, resolved) || !path_is_under(resolved, search->root))
        return true;
    return search_cover(search, resolved + strlen(search->root) + !str_equal(search->root, "/"), false);
}

/*
 * Where a home is the workspace, what berth and coi know and are told lies in it: what the guard has noted,
 * who is trusted, settings, records.
 */
static bool guard_own(struct guard_search *search) {
    const char *config = getenv("XDG_CONFIG_HOME"), *home = path_home();
    _cleanup_free_ char *state = baseline_directory(),
                        *settings = !str_empty(config) ? str_printf("%s/berth", config)
                                                       : str_printf("%s/.config/berth", home),
                        *records = str_printf("%s/.coi", home);
    const char *const own[] = {state, settings, records};
    if (!cover_key(search, settings))
        return false;
    for (size_t i = 0; i < array_length(own); i++) {
        char resolved[PATH_MAX];
        if (!realpath(own[i], resolved) || !path_is_under(resolved, search->root) ||
            str_equal(resolved, search->root))
            continue;
        if (!search_protect(search, resolved + strlen(search->root) + !str_equal(search->root, "/"),
                            ABSENT_SKIP, NULL))
            return false;
        guard_mark_own(search->guard, resolved);
    }
    return true;
}

static bool search_root(struct guard_search *search, const struct guard_input *input,
                        const struct strings *more, bool first) {
    const struct settings *settings = input->settings;
    if (!guard_own(search) || !guard_git(search, first ? input : NULL, ".git"))
        return false;
    for (size_t i = 0; guard_names[i]; i++)
        if (!search_protect(search, guard_names[i], ABSENT_WATCH, NULL))
            return false;
    for (size_t i = 0; i < more->count; i++)
        if (!search_protect(search, more->items[i], ABSENT_WATCH, NULL))
            return false;
    return guard_children(search) && secrets_guard(search, settings_text(settings, SETTING_SECRET_PATHS));
}

static bool find_in(struct guard *guard, const struct guard_input *input, size_t root, struct error *err) {
    struct guard_search search = {
        .guard = guard, .root = guard->roots[root].source, .tolerant = input->tolerant, .err = err};
    _cleanup_(strings_done) struct strings more = {0};
    _cleanup_close_ int fd = open(search.root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    search.fd = fd;
    bool good = fd >= 0 || errno == ENOTDIR || error_errno(err, errno, "cannot look into %s", search.root);
    if (good && fd >= 0)
        good = guard_read_paths(input->settings, SETTING_GUARD_PATHS, &more, err) &&
               guard_read_paths(input->settings, SETTING_GUARD_WRITABLE, &search.writable, err) &&
               search_root(&search, input, &more, root == 0);
    strings_done(&search.writable);
    return good;
}

/* A mount in what is protected would be a second, writable way to it. */
static bool refuse_mount(const struct guard *guard, const struct guard_root *root, struct error *err) {
    for (size_t i = 0; i < guard->count; i++) {
        const struct guarded *item = &guard->items[i];
        if ((item->how != GUARD_READ_ONLY && item->how != GUARD_COVERED) ||
            !path_is_under(root->source, item->path))
            continue;
        error_set(err, ERROR_REFUSED, "the mount of %s at %s would make writable what the guard protects",
                  root->source, root->inside);
        error_hint(err, "mount it read-only: %s:%s:ro", root->source, root->inside);
        return false;
    }
    return true;
}

/* Where one root contains another, what leads from it to that can be moved as little as what is in that. */
static bool join_roots(struct guard *guard, struct error *err) {
    for (size_t i = 0; i < guard->root_count; i++) {
        const struct guard_root *root = &guard->roots[i];
        if (i && !root->common && !refuse_mount(guard, root, err))
            return false;
        for (size_t j = 0; j < guard->root_count; j++) {
            const char *outer = guard->roots[j].source;
            if (i == j || !path_is_under(root->source, outer) || str_equal(root->source, outer))
                continue;
            size_t above = str_equal(outer, "/") ? 0 : strlen(outer);
            for (const char *slash = root->source + above; slash; slash = strchr(slash + 1, '/')) {
                size_t length = (size_t)(slash - root->source);
                _cleanup_free_ char *parent = str_copy_n(root->source, length);
                if (length > above)
                    guard_add(guard, parent, GUARD_FIXED, true);
            }
            guard_add(guard, root->source, GUARD_FIXED, true);
        }
    }
    return true;
}

static int by_path(const void *a, const void *b) {
    const struct guarded *first = a, *second = b;
    return strcmp(first->path, second->path);
}

bool guard_find(const struct guard_input *input, struct guard *guard, struct error *err) {
    guard_add_root(guard, input->workspace, WORKSPACE_PATH, false);
    for (size_t i = 0; input->mounts && i < input->mounts->count; i++)
        if (!input->mounts->items[i].read_only)
            guard_add_root(guard, input->mounts->items[i].source, input->mounts->items[i].path, false);
    size_t given = guard->root_count;
    for (size_t i = 0; i < given; i++)
        if (!find_in(guard, input, i, err))
            return false;
    if (!join_roots(guard, err))
        return false;
    if (guard->count)
        qsort(guard->items, guard->count, sizeof *guard->items, by_path);
    return true;
}
