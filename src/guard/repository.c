#include "guard/search.h"

#include "base/path.h"
#include "guard/gitconfig.h"

#include <string.h>

/* Of more submodules or linked worktrees than these the directory is read-only as a whole. */
#define PARTS_MOST 16
#define DEPTH_MOST 8
/* Of a configuration file, and of a pointer, so much is read. */
#define CONFIG_MOST  (1 << 20)
#define POINTER_MOST 4096

static char *below(const char *path, const char *name) {
    return *path ? str_printf("%s/%s", path, name) : str_copy(name);
}

static bool protect(struct guard_search *search, const char *path, const char *name, enum if_absent absent,
                    const char *content) {
    _cleanup_free_ char *whole = below(path, name);
    return search_protect(search, whole, absent, content);
}

/* What every directory of a repository has, whose own it is: the main one's or a submodule's. */
static bool guard_directory(struct guard_search *search, const char *path) {
    _cleanup_free_ char *info = below(path, "info");
    bool has_info = beneath_look(search->fd, info, NULL) == ENTRY_DIRECTORY;
    /*
     * A file commondir makes git take configuration and hooks from elsewhere (gitrepository-layout(5)), and
     * no repository but a linked worktree's has one: "." is what its absence means.
     */
    return protect(search, path, "hooks", ABSENT_DIRECTORY, NULL) &&
           protect(search, path, "config", ABSENT_FILE, NULL) &&
           protect(search, path, "config.worktree", ABSENT_FILE, NULL) &&
           protect(search, path, "commondir", ABSENT_FILE, ".\n") &&
           (has_info ? protect(search, info, "attributes", ABSENT_FILE, NULL)
                     : protect(search, path, "info", ABSENT_DIRECTORY, NULL));
}

/* A path that a configuration names, if it lies below the root: from there. NULL if it does not. */
static char *told_path(const struct guard_search *search, const char *base, const char *value) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *expanded = path_expand_home(value),
                        *joined = *expanded == '/' ? str_copy(expanded)
                                                   : str_printf("%s/%s/%s", search->root, base, expanded),
                        *clean = path_absolute(joined, &ignored);
    if (!clean || !path_is_under(clean, search->root) || str_equal(clean, search->root))
        return NULL;
    return str_copy(clean + strlen(search->root) + !str_equal(search->root, "/"));
}

struct told {
    struct guard_search *search;
    const char *directory; /* of the repository, below the root */
    const char *top;       /* of its files; NULL: not known */
    char *worktree;        /* where core.worktree says that they are */
    struct strings paths;
};

static void take(void *data, const char *section, const char *subsection, const char *name,
                 const char *value) {
    struct told *told = data;
    bool core = str_equal(section, "core") && !subsection;
    bool included = str_equal(name, "path") &&
                    ((str_equal(section, "include") && !subsection) || str_equal(section, "includeif"));
    char *path = NULL;
    if (core && str_equal(name, "worktree")) {
        free(told->worktree);
        told->worktree = told_path(told->search, told->directory, value);
    } else if (included) {
        path = told_path(told->search, told->directory, value);
    } else if (core && told->top && (str_equal(name, "hookspath") || str_equal(name, "attributesfile"))) {
        path = told_path(told->search, told->top, value);
    }
    if (path)
        strings_take(&told->paths, path);
}

/* What its configuration names: where its files are is left in *worktree. Caller owns. */
static bool guard_told(struct guard_search *search, const char *directory, const char *top,
                       char **worktree) {
    _cleanup_free_ char *config = below(directory, "config");
    _cleanup_(buffer_done) struct buffer text = {0};
    struct told told = {.search = search, .directory = directory, .top = top};
    bool good = true;
    if (beneath_read(search->fd, config, CONFIG_MOST, &text) &&
        !gitconfig_read(text.data, text.size, take, &told))
        search_warn(search,
                    "%s/%s cannot be read to its end: paths that it names behind the mistake are "
                    "not protected",
                    search->root, config);
    for (size_t i = 0; i < told.paths.count && good; i++)
        good = search_protect(search, told.paths.items[i], ABSENT_WATCH, NULL);
    strings_done(&told.paths);
    *worktree = told.worktree;
    return good;
}

/* The file .git of a worktree or submodule, whose replacement would be another repository. */
static bool guard_pointer(struct guard_search *search, const char *path) {
    if (beneath_look(search->fd, path, NULL) == ENTRY_LINK)
        return true; /* not there by that name */
    return search_protect(search, path, ABSENT_SKIP, NULL);
}

/* The directories below `path` that are a repository's own; false: more than there may be. */
static bool find_modules(const struct guard_search *search, const char *path, int depth,
                         struct strings *found) {
    _cleanup_(strings_done) struct strings names = {0};
    if (!beneath_names(search->fd, path, (size_t)4 * PARTS_MOST, &names))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_free_ char *module = below(path, names.items[i]), *head = below(module, "HEAD");
        if (beneath_look(search->fd, module, NULL) != ENTRY_DIRECTORY)
            continue;
        if (beneath_look(search->fd, head, NULL) == ENTRY_FILE)
            strings_add(found, module);
        else if (depth == DEPTH_MOST || !find_modules(search, module, depth + 1, found))
            return false;
        if (found->count > PARTS_MOST)
            return false;
    }
    return true;
}

/* A directory of such directories, read-only as a whole. */
static bool protect_parts(struct guard_search *search, const char *path) {
    _cleanup_free_ char *whole = str_printf("%s/%s", search->root, path);
    if (!search_protect(search, path, ABSENT_SKIP, NULL))
        return false;
    guard_mark_parts(search->guard, whole);
    return true;
}

static bool guard_repository(struct guard_search *search, const char *path, const char *top, int depth);

static bool guard_modules(struct guard_search *search, const char *path, int depth) {
    _cleanup_free_ char *modules = below(path, "modules");
    _cleanup_(strings_done) struct strings found = {0};
    if (beneath_look(search->fd, modules, NULL) != ENTRY_DIRECTORY)
        return search_protect(search, modules, ABSENT_WATCH, NULL);
    if (depth == DEPTH_MOST || !find_modules(search, modules, 0, &found)) {
        search_warn(search,
                    "%s has more than %d submodules: it is read-only as a whole, and git cannot "
                    "commit in them inside",
                    modules, PARTS_MOST);
        return protect_parts(search, modules);
    }
    if (!search_fix(search, modules))
        return false;
    for (size_t i = 0; i < found.count; i++)
        if (!guard_repository(search, found.items[i], NULL, depth + 1))
            return false;
    return true;
}

/* What a pointer's file says, without the newline; NULL if it says nothing. Caller owns. */
static char *read_pointer(const struct guard_search *search, const char *path) {
    _cleanup_(buffer_done) struct buffer text = {0};
    if (!beneath_read(search->fd, path, POINTER_MOST, &text) || !text.size)
        return NULL;
    return str_copy_n(text.data, strcspn(text.data, "\n"));
}

/*
 * One that is not in the workspace is read-only as a whole: inside, nobody can work in it, and git(1) takes
 * it for one that was removed and would delete what it has of it (git-worktree(1), "prune").
 */
static bool guard_worktree(struct guard_search *search, const char *path) {
    _cleanup_free_ char *gitdir = below(path, "gitdir"), *pointer = read_pointer(search, gitdir),
                        *file = pointer ? told_path(search, path, pointer) : NULL;
    if (!file)
        return protect_parts(search, path);
    return search_fix(search, path) && protect(search, path, "config.worktree", ABSENT_FILE, NULL) &&
           protect(search, path, "gitdir", ABSENT_SKIP, NULL) &&
           protect(search, path, "commondir", ABSENT_SKIP, NULL) && guard_pointer(search, file);
}

static bool guard_worktrees(struct guard_search *search, const char *path) {
    _cleanup_free_ char *worktrees = below(path, "worktrees");
    _cleanup_(strings_done) struct strings names = {0};
    if (beneath_look(search->fd, worktrees, NULL) != ENTRY_DIRECTORY)
        return search_protect(search, worktrees, ABSENT_WATCH, NULL);
    if (!beneath_names(search->fd, worktrees, PARTS_MOST, &names)) {
        search_warn(search, "%s has more than %d linked worktrees: it is read-only as a whole", worktrees,
                    PARTS_MOST);
        return protect_parts(search, worktrees);
    }
    if (!search_fix(search, worktrees))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        _cleanup_free_ char *worktree = below(worktrees, names.items[i]);
        if (beneath_look(search->fd, worktree, NULL) == ENTRY_DIRECTORY &&
            !guard_worktree(search, worktree))
            return false;
    }
    return true;
}

/* `top`: where its files are, below the root; NULL: where its configuration says. */
static bool guard_repository(struct guard_search *search, const char *path, const char *top, int depth) {
    _cleanup_free_ char *worktree = NULL;
    if ((*path && !search_fix(search, path)) || !guard_directory(search, path) ||
        !guard_told(search, path, top, &worktree) || !guard_modules(search, path, depth))
        return false;
    if (top || !worktree)
        return true;
    _cleanup_free_ char *pointer = below(worktree, ".git");
    return guard_pointer(search, pointer);
}

bool repository_guard(struct guard_search *search, const char *path) {
    const char *slash = strrchr(path, '/');
    _cleanup_free_ char *top = str_copy_n(path, slash ? (size_t)(slash - path) : 0);
    return guard_repository(search, path, top, 0) && guard_worktrees(search, path);
}

bool repository_guard_common(struct guard_search *search, const char *name) {
    _cleanup_free_ char *own = str_printf("worktrees/%s", name);
    if (!guard_repository(search, "", NULL, 0) || !protect_parts(search, "worktrees"))
        return false;
    /* the other worktrees are none of this session's business; its own lies writable within */
    _cleanup_free_ char *whole = str_printf("%s/%s", search->root, own);
    guard_add(search->guard, whole, GUARD_FIXED, true);
    static const struct {
        const char *name;
        const char *content;
    } parts[] = {{"config.worktree", ""}, {"commondir", NULL}};
    for (size_t i = 0; i < array_length(parts); i++) {
        _cleanup_free_ char *part = below(own, parts[i].name), *path = below(whole, parts[i].name);
        enum beneath_entry entry = beneath_look(search->fd, part, NULL);
        if (entry == ENTRY_FILE || (entry == ENTRY_NONE && parts[i].content))
            guard_add(search->guard, path, GUARD_READ_ONLY, false)->placeholder = entry == ENTRY_NONE;
    }
    /*
     * git(1) writes into gitdir where it finds the worktree, and prunes a worktree whose gitdir leads
     * nowhere, as the host's path does inside: the session has one of its own, which says /workspace.
     */
    _cleanup_free_ char *path = below(whole, "gitdir");
    struct guarded *item = guard_add(search->guard, path, GUARD_REPLACED, false);
    item->source = str_printf("%s/gitdir.berth", whole);
    item->content = str_copy("/workspace/.git\n");
    return true;
}
