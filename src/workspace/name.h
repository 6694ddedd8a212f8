/*
 * Names of session containers, as coi makes them: PREFIX, the first 8 hex digits of the SHA-256 of
 * the workspace's absolute path (no symbolic link resolved), "-", the slot: from 1 to 10 for sessions, to
 * 99 for runs, which scripts start by the dozen.
 */
#pragma once

#include "base/error.h"

#define SESSION_SLOTS 10u
#define RUN_SLOTS     99u
/* Of standby containers, which have no workspace yet: their digits are those of their kind. */
#define STANDBY_FIRST 101u
#define STANDBY_LAST  199u

/* $COI_CONTAINER_PREFIX or "coi-"; an error if it cannot begin an instance's name. Lent. */
const char *name_prefix(struct error *err) nodiscard;

/* The name for a slot of a workspace. Caller owns. */
char *name_of(const char *prefix, const char *workspace, unsigned int slot) nodiscard;

/* Whether it is the name of a standby container. */
bool name_is_standby(const char *prefix, const char *name);

/* Whether `name` has one of these forms; *slot gets its slot. `slot` may be NULL. */
bool name_parse(const char *prefix, const char *name, unsigned int *slot);

/* The lowest slot from `first` to `last` whose name is not in `taken`; 0 if none is left. */
unsigned int name_free_slot(const char *prefix, const char *workspace, unsigned int first,
                            unsigned int last, const struct strings *taken);
