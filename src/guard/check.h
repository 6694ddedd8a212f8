/*
 * The guard in the course of time: what is noted before a session begins, compared while it runs and when
 * it ends, accepted or put back.
 */
#pragma once

#include "guard/changes.h"

/*
 * Before a session of this guard begins: notes what is there, unless another one runs already, and makes
 * the placeholders, noted before they are made. What check_remember() said is written with it.
 */
bool check_begin(struct baseline *baseline, const struct guard_input *input, const struct guard *guard,
                 struct error *err) nodiscard;

/* What a session is noted by: its container, and whose that is. Caller owns. */
char *check_id(const char *socket, const char *project, const char *container) nodiscard;
/* Among those that run is this one, from now on, and whether it holds against root inside, as was seen. */
void check_remember(struct baseline *baseline, const char *id, bool holds);
void check_forget(struct baseline *baseline, const char *id);
/* Of an item of baseline->sessions: its id (lent), its container (caller owns), whether it should be there
 * by now, and whether it holds. */
const char *check_session_id(const char *session);
char *check_session_name(const char *session) nodiscard;
bool check_session_is_old(const char *session);
/*
 * The name of the lock (base/lock.h) that is held by who makes or starts its container, from before that
 * until that process is done with it: the daemon lists it as stopped until it runs, a list may be older
 * than the start, and it has not ended. Caller owns.
 */
char *check_launch_lock(const char *id) nodiscard;
bool check_session_holds(const char *session);

/*
 * A session has ended, and its container is gone or stopped. With the last one of its workspace the
 * placeholders go, and, if nothing changed, all that was noted. `changed` grows by how many things did.
 */
bool check_end(const char *id, size_t *changed, struct error *err) nodiscard;
/*
 * The same for all of a daemon's project that are not among those that run, and not being launched. One
 * that is not there at all may be on its way still, if it began just now. Where nothing was noted nothing
 * is looked at.
 */
struct check_listed {
    const char *socket, *project;
    const char *prefix;          /* what the names of all that are listed begin with */
    struct strings running, all; /* names of containers */
};
void check_ended(const struct check_listed *listed, size_t *changed);

/*
 * How many guarded paths of its workspace differ from what was noted, for a session that is noted as
 * running; *workspace gets whose (caller owns; NULL if it is not noted).
 */
size_t check_changed(const char *id, char **workspace);

/* What changed becomes what is: noted as it is now, or not at all if no session runs. */
bool check_accept(struct baseline *baseline, struct error *err) nodiscard;
/* No session runs, and nothing changed: nothing is noted any more, nor there. */
void check_close(struct baseline *baseline);
