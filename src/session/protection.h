/* The guard of workspaces as it is seen from outside: what is protected, and what has changed. */
#pragma once

#include "guard/check.h"
#include "session/list.h"

/* Of one workspace. */
struct protection {
    struct workspace workspace;
    struct guard guard;       /* as a session that begins now would have it */
    struct baseline baseline; /* ->workspace NULL: nothing is noted, no session has run */
    struct changes changes;
};
void protection_done(struct protection *protection);

/* Looks. `settings` and `mounts` as for a launch. */
bool protection_load(const char *path, const struct settings *settings, const struct mounts *mounts,
                     struct protection *protection, struct error *err) nodiscard;
/* What changed is what is right. */
bool protection_accept(const struct protection *protection, struct error *err) nodiscard;
/*
 * Puts back what changed; *restored is how many of them came to that. What was there is in a directory of
 * the workspace, whose name is put into `aside` (`room` bytes).
 */
bool protection_restore(const struct protection *protection, char *aside, size_t room, size_t *restored,
                        struct error *err) nodiscard;
/* All of it: {"workspace", "paths", "against", "sessions", "changes", …}. A new reference. */
json_t *protection_json(const struct protection *protection) nodiscard;
/* For people: a line for each path, and what changed with its difference. */
void protection_text(const struct protection *protection, struct buffer *text);
/* In a line: "12 paths read-only; holds against code, not against root inside". Caller owns. */
char *protection_words(const struct protection *protection) nodiscard;

/*
 * With all that the daemon lists whose names begin with `prefix`: sessions that have ended are settled
 * (check_ended()), and each gets how many guarded paths of its workspace changed, and whether it holds
 * against root. Returns how many changed in all; their workspaces are added to `changed`. Where no session
 * was noted it costs a look at an empty directory.
 */
size_t protections_mark(const struct incus *client, const char *prefix, struct session **sessions,
                        size_t count, struct strings *changed);
size_t protections_mark_list(const struct incus *client, const char *prefix, struct session_list *list);
/* The directories in which a change matters, as inotify(7) takes them. */
void protections_directories(struct strings *directories);
