#include "guard/search.h"

#include "base/path.h"
#include "workspace/workspace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#define POINTER     "gitdir: "
#define ADMIN       "/worktrees/"
#define POINTER_MAX (PATH_MAX + sizeof POINTER)

struct pointer {
    char *text;   /* as it stands in the file */
    char *gitdir; /* absolute and clean: COMMON/worktrees/NAME */
    char *common;
    char *name;
};

static void pointer_done(struct pointer *pointer) {
    free(pointer->text);
    free(pointer->gitdir);
    free(pointer->common);
    free(pointer->name);
}

/* The one line of a small file, without its end; NULL if it is none. Caller owns. */
static char *read_line(int root, const char *path) {
    _cleanup_(buffer_done) struct buffer text = {0};
    if (!beneath_read(root, path, POINTER_MAX, &text) || !text.size || text.size >= POINTER_MAX ||
        strlen(text.data) != text.size)
        return NULL;
    size_t length = text.size;
    while (length && strchr("\r\n", text.data[length - 1]))
        length--;
    text.data[length] = 0;
    return strchr(text.data, '\n') ? NULL : str_copy(text.data);
}

static char *joined(const char *base, const char *path) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *whole = *path == '/' ? str_copy(path) : str_printf("%s/%s", base, path);
    return path_absolute(whole, &ignored);
}

/* What it names, by the letters; otherwise why it cannot be one. */
static const char *read_file(const struct guard_search *search, struct pointer *pointer) {
    _cleanup_free_ char *line = read_line(search->fd, ".git");
    if (!line || !str_starts(line, POINTER) || !line[strlen(POINTER)])
        return "is a file without a line \"gitdir: PATH\"";
    pointer->text = str_copy(line + strlen(POINTER));
    pointer->gitdir = joined(search->root, pointer->text);
    const char *admin = pointer->gitdir ? strstr(pointer->gitdir, ADMIN) : NULL;
    for (const char *next = admin; next; next = strstr(next + 1, ADMIN))
        admin = next;
    if (!admin || admin == pointer->gitdir || strchr(admin + strlen(ADMIN), '/'))
        return strstr(pointer->text, "/modules/")
                   ? "is a submodule's: work on the repository that it belongs to"
                   : "names no directory of a linked worktree";
    pointer->common = str_copy_n(pointer->gitdir, (size_t)(admin - pointer->gitdir));
    pointer->name = str_copy(admin + strlen(ADMIN));
    return NULL;
}

/* Whether a path is this workspace's .git, by whichever of its names. */
static bool is_our_file(const struct guard_input *input, const char *path) {
    char resolved[PATH_MAX];
    _cleanup_free_ char *ours = str_printf("%s/.git", input->workspace),
                        *given = str_printf("%s/.git", input->given);
    return str_equal(path, ours) || str_equal(path, given) ||
           (realpath(path, resolved) && str_equal(resolved, ours));
}

/*
 * Whether the directory that it names says the same of it. The session may have written the pointer, so
 * that nothing but what lies outside of the workspace is a witness.
 */
static const char *doubt(const struct guard_input *input, const struct pointer *pointer, int common,
                         const char *resolved) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *gitdir = str_printf("worktrees/%s/gitdir", pointer->name),
                        *commondir = str_printf("worktrees/%s/commondir", pointer->name),
                        *back = read_line(common, gitdir), *up = read_line(common, commondir),
                        *file = back ? joined(pointer->gitdir, back) : NULL,
                        *whole = up ? joined(pointer->gitdir, up) : NULL;
    struct stat info, workspace;
    if (path_is_under(resolved, input->workspace) || path_is_under(input->workspace, resolved))
        return "leads into the workspace itself";
    if (!workspace_allowed(resolved, "repository", &ignored))
        return "leads into a directory of the system's";
    if (beneath_look(common, "objects", NULL) != ENTRY_DIRECTORY ||
        beneath_look(common, "HEAD", NULL) != ENTRY_FILE)
        return "leads to what is no repository";
    if (!file || !is_our_file(input, file))
        return "leads to a worktree that is not this one";
    if (!whole || !str_equal(whole, pointer->common))
        return "leads to a worktree of another repository";
    if (fstat(common, &info) < 0 || stat(input->workspace, &workspace) < 0 ||
        (info.st_uid != workspace.st_uid && info.st_uid != geteuid()))
        return "leads to somebody else's repository";
    return NULL;
}

/* Where the common directory has to be inside for the pointer to lead there; NULL: nowhere. */
static char *find_inside(const struct guard_input *input, const struct pointer *pointer) {
    _cleanup_(error_done) struct error ignored = {0};
    _cleanup_free_ char *gitdir = joined(WORKSPACE_PATH, pointer->text);
    if (!gitdir || strlen(gitdir) <= strlen(ADMIN) + strlen(pointer->name))
        return NULL;
    char *inside = str_copy_n(gitdir, strlen(gitdir) - strlen(ADMIN) - strlen(pointer->name));
    bool free_there = workspace_allowed(inside, "", &ignored) && !path_is_under(inside, WORKSPACE_PATH) &&
                      !path_is_under(WORKSPACE_PATH, inside);
    for (size_t i = 0; input->mounts && i < input->mounts->count; i++)
        free_there = free_there && !path_is_under(inside, input->mounts->items[i].path) &&
                     !path_is_under(input->mounts->items[i].path, inside);
    if (free_there)
        return inside;
    free(inside);
    return NULL;
}

static void warn(struct guard_search *search, const char *why) {
    _cleanup_free_ char *shown = str_shown(search->root);
    search_warn(search, "git will not work inside: %s/.git %s", shown, why);
}

static bool add_common(struct guard_search *search, const struct pointer *pointer, const char *resolved,
                       int fd, const char *inside) {
    struct guard *guard = search->guard;
    struct guard_search common = {
        .guard = guard, .fd = fd, .root = resolved, .tolerant = search->tolerant, .err = search->err};
    guard_add_root(guard, resolved, inside, true);
    return repository_guard_common(&common, pointer->name);
}

bool worktree_guard(struct guard_search *search, const struct guard_input *input) {
    _cleanup_(pointer_done) struct pointer pointer = {0};
    char resolved[PATH_MAX];
    if (!search_protect(search, ".git", ABSENT_SKIP, NULL))
        return false;
    const char *why = read_file(search, &pointer);
    if (!why && !realpath(pointer.common, resolved))
        why = "leads nowhere";
    if (why) {
        warn(search, why);
        return true;
    }
    _cleanup_close_ int fd = open(resolved, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    why = fd < 0 ? "leads to what cannot be looked at" : doubt(input, &pointer, fd, resolved);
    _cleanup_free_ char *inside = why ? NULL : find_inside(input, &pointer);
    if (inside)
        return add_common(search, &pointer, resolved, fd, inside);
    warn(search, why ? why : "leads to where something else is mounted inside");
    return true;
}
