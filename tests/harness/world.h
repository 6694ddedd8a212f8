/*
 * A home with workspaces in it, and containers of theirs, made without berth: what the screen's tests
 * look at.
 */
#pragma once

#include "tests/harness/terminal.h"

struct world {
    char *home; /* of uid 1001, on ext4 */
    char *home_variable;
    const char *variables[4]; /* of `how`: HOME, one that the test may add */
    struct how how;
};

/* A new home; the test's containers of before are gone. */
void world_open(struct world *world);
/* Removes the containers, and forgets. */
void world_close(struct world *world);

/* A folder below home, made if need be. Caller owns. */
char *world_folder(const struct world *world, const char *name);
/* A container for a slot of such a folder, mapped for 1001, with berth's keys. Returns its name; caller
 * owns. */
char *world_container(const struct world *world, const char *folder, unsigned int slot, bool running);

/* A saved session as coi writes it, with a key of coi's own ("coi_only": 7). Returns its folder; caller
 * owns. */
char *world_record(const struct world *world, const char *id, const char *container, const char *workspace,
                   bool persistent);
/* "RUNNING", "STOPPED", as the incus command has it; "" if it is not there. Caller owns. */
char *world_status(const char *container);

/* berth's screen in a terminal of this size. */
void world_screen(const struct world *world, struct terminal *terminal, int columns, int rows);
