#include "guard/head.h"

#include "base/path.h"
#include "guard/beneath.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#define REF        "ref: "
#define BRANCH     "refs/heads/"
#define POINTER    "gitdir: "
#define LINE_BYTES (PATH_MAX + 16)
#define PACKED     (4u << 20)

void git_head_done(struct git_head *head) {
    free(head->branch);
    free(head->commit);
    *head = (struct git_head){0};
}

/* The first line of a small file; NULL if it cannot be read. Caller owns. */
static char *first_line(int root, const char *path) {
    _cleanup_(buffer_done) struct buffer text = {0};
    if (!beneath_read(root, path, LINE_BYTES, &text) || !text.data)
        return NULL;
    return str_copy_n(text.data, strcspn(text.data, "\r\n"));
}

static bool is_commit(const char *text, size_t length) {
    return (length == 40 || length == 64) && strspn(text, "0123456789abcdef") >= length;
}

/* Letters that a name of a ref may have, and no way out of the repository (git-check-ref-format(1)). */
static bool is_ref(const char *ref) {
    return str_starts(ref, "refs/") && !strstr(ref, "..") && !strpbrk(ref, " ~^:?*[\\") && str_is_utf8(ref);
}

static int open_directory(const char *path) {
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The repository's own directory: .git, or where a worktree's .git file leads. */
static int open_git(const char *workspace) {
    _cleanup_close_ int root = open_directory(workspace);
    if (root < 0)
        return -1;
    if (beneath_look(root, ".git", NULL) == ENTRY_DIRECTORY)
        return beneath_open(root, ".git", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    _cleanup_free_ char *line = first_line(root, ".git");
    if (!line || !str_starts(line, POINTER))
        return -1;
    const char *to = line + strlen(POINTER);
    _cleanup_free_ char *path = *to == '/' ? str_copy(to) : str_printf("%s/%s", workspace, to);
    return open_directory(path);
}

/* A worktree's branches are in the repository that it belongs to. */
static int open_common(int git) {
    _cleanup_free_ char *line = first_line(git, "commondir");
    int fd = line ? openat(git, line, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return fd >= 0 ? fd : dup(git);
}

/* Lines of "COMMIT REF". */
static char *find_packed(int common, const char *ref) {
    _cleanup_(buffer_done) struct buffer text = {0};
    if (!beneath_read(common, "packed-refs", PACKED, &text) || !text.data)
        return NULL;
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n"));) {
        size_t length = strcspn(line, " ");
        if (is_commit(line, length) && line[length] == ' ' && str_equal(line + length + 1, ref))
            return str_copy_n(line, length);
    }
    return NULL;
}

static char *find_commit(int git, const char *ref) {
    _cleanup_close_ int common = open_common(git);
    _cleanup_free_ char *loose = common >= 0 ? first_line(common, ref) : NULL;
    if (loose && is_commit(loose, strlen(loose)))
        return str_copy(loose);
    return common >= 0 ? find_packed(common, ref) : NULL;
}

bool git_head_read(const char *workspace, struct git_head *head) {
    _cleanup_close_ int git = open_git(workspace);
    _cleanup_free_ char *line = git >= 0 ? first_line(git, "HEAD") : NULL;
    if (!line)
        return false;
    bool symbolic = str_starts(line, REF) && is_ref(line + strlen(REF));
    const char *ref = symbolic ? line + strlen(REF) : "";
    if (!symbolic && !is_commit(line, strlen(line)))
        return false;
    char *commit = symbolic ? find_commit(git, ref) : str_copy(line);
    *head = (struct git_head){.branch = str_copy(str_starts(ref, BRANCH) ? ref + strlen(BRANCH) : ref),
                              .commit = commit ? commit : str_copy("")};
    return true;
}
