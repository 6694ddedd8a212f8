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
/* All of it: {"workspace", "paths", "against", "sessions", "changes", …}. A new reference. */
json_t *protection_json(const struct protection *protection) nodiscard;
/* For people: a line for each path, and what changed with its difference. */
void protection_text(const struct protection *protection, struct buffer *text);
/* In a line: "12 paths read-only; holds against code, not against root inside". Caller owns. */
char *protection_words(const struct protection *protection) nodiscard;

/*
 * With what the daemon lists: sessions that have ended are settled (check_ended()), and each row gets how
 * many guarded paths of its workspace changed, and whether it holds against root. Where no session was
 * noted it costs a look at an empty directory.
 */
void protections_mark(struct session_list *list);
/* The same for one that is listed or not: its workspace's changes. */
void protection_mark(struct session *session);
