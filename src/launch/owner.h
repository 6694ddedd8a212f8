/*
 * Whose a container is while berth works with it: one that was made for a run must not outlive it, nor one
 * for a session whose launch never came to its end.
 *
 * The owner is a process of ours that holds a name in the kernel (a unix socket in the abstract namespace,
 * unix(7)): it is gone with the process, however that ends, and cannot be mistaken for another's, as a
 * process id can. The container's label says which name that is, and where it is to be looked up: user,
 * machine, boot and network namespace. Beside it there is a reaper: a child that waits for its parent's end
 * and removes what the label is on. It is of a session of its own, so that what ends a terminal's processes
 * does not end it; where it dies too, the next berth finds the orphan (owner_is_dead()).
 */
#pragma once

#include "incus/instance.h"

struct owner;

/*
 * Takes a new name, and starts the reaper for containers whose names begin with `prefix`. An error says
 * what the kernel refused; nothing is there then.
 */
struct owner *owner_new(struct incus *client, const char *prefix, struct error *err) nodiscard;
/* The label for the container; lent. */
const char *owner_label(const struct owner *owner);
/* What was made is removed, or has become the user's: the reaper ends, the name is free. NULL is allowed.
 */
void owner_release(struct owner *owner);
/*
 * The daemon has been asked to remove it, by this operation: the reaper sees its end, and removes what is
 * left if the daemon goes away before that. NULL is allowed.
 */
void owner_leave(struct owner *owner, const char *operation);
/* What was made could not be removed: the reaper goes on trying, for a minute. NULL is allowed. */
void owner_abandon(struct owner *owner);

/*
 * Whether the owner that the label names has certainly died, for an instance that runs or does not. Another
 * user's, one on another machine or in another network namespace cannot be told: false.
 */
bool owner_is_dead(const char *label, bool running);
/* Whether the instance is ephemeral, of a run of ours, and its owner has died. */
bool owner_orphaned(const struct instance *instance);
/* Asks the daemon to remove one that is; it is not waited for. */
bool owner_remove_orphan(struct incus *client, const char *name, const char *status,
                         struct error *err) nodiscard;
/* Looks whether this one is, and asks for its removal, all while the loop goes on: nobody waits for it. */
void owner_check(struct incus *client, const char *name);
