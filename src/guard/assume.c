#include "guard/assume.h"

#include "guard/find.h"
#include "workspace/workspace.h"

/* Of .git, what git obeys. What only some repositories have is among them: it is left out elsewhere. */
static const char *const git_names[] = {".git/hooks", ".git/config", ".git/config.worktree",
                                        ".git/info/attributes"};

static void assume(struct guard *guard, const struct guard_input *input, const struct strings *writable,
                   const char *name, enum guard_how how) {
    _cleanup_free_ char *path = str_printf("%s/%s", input->workspace, name);
    if (strings_has(writable, name)) {
        guard->writable = true;
        return;
    }
    guard_add(guard, path, how, true)->optional = true;
}

bool guard_assume(const struct guard_input *input, struct guard *guard, struct error *err) {
    const struct settings *settings = input->settings;
    _cleanup_(strings_done) struct strings more = {0}, writable = {0};
    if (*settings_text(settings, SETTING_SECRET_PATHS)) {
        error_set(
            err, ERROR_REFUSED,
            "nothing was launched: secrets in a directory of another machine cannot be covered from here");
        error_hint(err, "run berth on that machine, or take secret_paths out of the settings (%s)",
                   settings->values[SETTING_SECRET_PATHS].where);
        return false;
    }
    guard_add_root(guard, input->workspace, WORKSPACE_PATH, false);
    guard->roots[0].unseen = true;
    if (!guard_read_paths(settings, SETTING_GUARD_PATHS, &more, err) ||
        !guard_read_paths(settings, SETTING_GUARD_WRITABLE, &writable, err))
        return false;
    assume(guard, input, &writable, ".git", GUARD_FIXED);
    for (size_t i = 0; i < array_length(git_names) && !strings_has(&writable, ".git"); i++)
        assume(guard, input, &writable, git_names[i], GUARD_READ_ONLY);
    for (size_t i = 0; guard_names[i]; i++)
        assume(guard, input, &writable, guard_names[i], GUARD_READ_ONLY);
    for (size_t i = 0; i < more.count; i++)
        assume(guard, input, &writable, more.items[i], GUARD_READ_ONLY);
    strings_add(&guard->warnings,
                "the workspace is another machine's: what is not there yet, submodules, and paths that its "
                "git configuration names are not protected, and changes are not seen from here");
    return true;
}
