/*
 * Watching sessions: a stream (watch.h) for each that runs, begun a few at a time, begun again when it was
 * lost. Who wants it says which sessions there are, and what the daemon tells of them.
 */
#pragma once

#include "session/list.h"
#include "watch/watch.h"

struct watches;

struct watches_handler {
    /* The activity of the session of this name is another, or it is known at last. */
    void (*changed)(void *data, const char *name);
    /* New contents of one in view. */
    void (*contents)(void *data, const char *name);
};

/* Settings and handler are borrowed. */
struct watches *watches_new(struct incus *client, const struct settings *settings,
                            const struct watches_handler *handler, void *data) nodiscard;
void watches_free(struct watches *watches);

/* These are the sessions that there are now: the streams of the others end. `first`: the name of the one
 * that is to be begun before the others; may be NULL. */
void watches_want(struct watches *watches, const struct session *const *sessions, size_t count,
                  const char *first);
/* Whether one can be watched: it runs, and it is no run, which has no terminal of its own. */
bool watches_can(const struct session *session);
/* Something was executed in it: where there was no tmux session, there may be one now. */
void watches_poke(struct watches *watches, const char *name);
/* All streams are begun again: the daemon was away. */
void watches_again(struct watches *watches);

/* The contents of these are wanted, and of no others. */
void watches_view(struct watches *watches, const struct strings *names);

/* NULL: it is not watched, or its stream has not begun. Lent until the loop's next turn. */
struct session_watch *watches_find(const struct watches *watches, const char *name);
/* What it is at; NULL: that is not known. */
struct activity *watches_activity(const struct watches *watches, const char *name);
/* In how many milliseconds one of them becomes another without anything being reported; 0: none does. */
int64_t watches_next(const struct watches *watches, int64_t now);
/* Why it is not, in words; NULL: it is, or will be. */
const char *watches_why_not(const struct watches *watches, const char *name);
