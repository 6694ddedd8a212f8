#include "session/diff.h"

#include "base/path.h"
#include "base/process.h"
#include "session/protection.h"

#include <string.h>

#define TIMEOUT_MS 5000
#define LIMIT      (512u << 10)
#define LINES_MAX  5000

void diff_done(struct diff *diff) {
    strings_done(&diff->lines);
    *diff = (struct diff){0};
}

/* Whether what git would read as its configuration is as it was before the first session. */
static bool is_as_it_was(const char *workspace, const struct settings *settings, struct error *err) {
    _cleanup_(protection_done) struct protection protection = {0};
    if (!protection_load(workspace, settings, NULL, &protection, err))
        return false;
    if (!protection.baseline.workspace) {
        error_set(err, ERROR_FAILED, "whether the repository's configuration is as it was is not known");
        error_hint(err, "no session of berth's was noted here; git is not run on what may be another's");
        return false;
    }
    for (size_t i = 0; i < protection.changes.count; i++)
        if (strstr(protection.changes.items[i].path, "/.git")) {
            error_set(err, ERROR_FAILED, "git is not run: %s was changed while a session ran",
                      protection.changes.items[i].path);
            error_hint(err, "c shows the change, and puts it back or accepts it");
            return false;
        }
    return true;
}

static bool run_git(struct loop *loop, const char *git, const char *workspace,
                    const struct strings *arguments, struct buffer *output, struct error *err) {
    _cleanup_(strings_done) struct strings argv = {0}, environment = {0};
    strings_add_all(&argv, git, "--no-pager", "-c", "core.hooksPath=/dev/null", "-c",
                    "core.fsmonitor=false", "-c", "diff.external=", "-c", "core.untrackedCache=false", "-c",
                    "core.quotePath=false", NULL);
    for (size_t i = 0; i < arguments->count; i++)
        strings_add(&argv, arguments->items[i]);
    strings_printf(&environment, "HOME=%s", path_home());
    strings_add_all(&environment, "PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
                    "GIT_OPTIONAL_LOCKS=0", "GIT_TERMINAL_PROMPT=0", "GIT_NO_LAZY_FETCH=1",
                    "GIT_CEILING_DIRECTORIES=/", NULL);
    const struct process_capture capture = {.directory = workspace,
                                            .environment = environment.items,
                                            .output = output,
                                            .limit = LIMIT,
                                            .timeout = TIMEOUT_MS};
    int status = 0;
    size_t before = output->size;
    if (!process_capture(loop, argv.items, &capture, &status, err))
        return false;
    if (process_status(status) == 0)
        return true;
    _cleanup_free_ char *words = str_shown(output->data ? output->data + before : "");
    return error_set(err, ERROR_FAILED, "git: %s", words);
}

static void take_lines(struct diff *diff, char *text) {
    for (char *rest = text, *line; rest && (line = strsep(&rest, "\n"));) {
        if (diff->lines.count == LINES_MAX) {
            diff->cut = true;
            return;
        }
        if (*line || rest)
            strings_add(&diff->lines, line);
    }
}

static bool add_differences(struct loop *loop, const char *git, const char *workspace, const char *commit,
                            struct diff *diff, struct error *err) {
    _cleanup_(buffer_done) struct buffer output = {0};
    _cleanup_(strings_done) struct strings arguments = {0};
    strings_add_all(&arguments, "diff", "--no-ext-diff", "--no-textconv", "--no-color",
                    "--ignore-submodules=dirty", "--stat=70", "--patch", *commit ? commit : "HEAD", "--",
                    NULL);
    if (!run_git(loop, git, workspace, &arguments, &output, err))
        return false;
    for (const char *at = output.data; at && (at = strstr(at, "diff --git ")); at++)
        diff->files += at == output.data || at[-1] == '\n';
    diff->cut = output.size >= LIMIT;
    take_lines(diff, output.data);
    return true;
}

static bool add_new_files(struct loop *loop, const char *git, const char *workspace, struct diff *diff,
                          struct error *err) {
    _cleanup_(buffer_done) struct buffer output = {0};
    _cleanup_(strings_done) struct strings arguments = {0};
    strings_add_all(&arguments, "ls-files", "--others", "--exclude-standard", "--directory", NULL);
    if (!run_git(loop, git, workspace, &arguments, &output, err))
        return false;
    char *rest = output.data;
    for (char *line; rest && (line = strsep(&rest, "\n"));) {
        if (!*line)
            continue;
        diff->files++;
        strings_printf(&diff->lines, " new: %s", line);
    }
    return true;
}

bool diff_load(struct loop *loop, const struct settings *settings, const char *workspace,
               const char *commit, struct diff *diff, struct error *err) {
    _cleanup_free_ char *git = path_find_program("git");
    if (!git)
        return error_set(err, ERROR_FAILED, "git is not installed on this machine");
    return is_as_it_was(workspace, settings, err) && add_new_files(loop, git, workspace, diff, err) &&
           add_differences(loop, git, workspace, commit, diff, err);
}
