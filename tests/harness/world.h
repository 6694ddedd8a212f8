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
    struct how how;           /* berth as 1001, in home; in `folder` where there is one */
    char *folder;             /* the workspace of a world_test(); else NULL */
};
/* The one of this program. */
extern struct world world;

/* A new home; the test's containers of before are gone. */
void world_open(void);
/* Removes the containers, and forgets. */
void world_close(void);

/* A test with a world, a workspace and with it names of its own. */
int world_setup(void **state);
int world_teardown(void **state);
#define world_test(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)
/* The name of a container for a slot of its workspace. Caller owns. */
char *world_slot(unsigned int slot);

/* A folder below home, made if need be. Caller owns. */
char *world_folder(const char *name);
/* A container for a slot of such a folder, mapped for 1001, with berth's keys. Returns its name; caller
 * owns. */
char *world_container(const char *folder, unsigned int slot, bool running);

/*
 * The same that runs, with a session's tmux in it and nothing else: systemd's own processes are many, and
 * twenty of them are more than the kernel's usual limit of inotify instances bears.
 */
char *world_session(const char *folder);

/* A session of such a folder, made by berth; its name. Caller owns. */
char *world_shell(const char *folder);
/* Types a line into a session. */
void world_type(const char *name, const char *line);
/* Runs it inside as code, every word of sh's having to succeed. */
void world_inside(const char *name, const char *line);
/* The seconds that writing so many lines takes in a session's terminal. */
double world_flood(const char *name, int lines);

/* A saved session as coi writes it, with a key of coi's own ("coi_only": 7). Returns its folder; caller
 * owns. */
char *world_record(const char *id, const char *container, const char *workspace, bool persistent);
/* "RUNNING", "STOPPED", as the incus command has it; "" if it is not there. Caller owns. */
char *world_status(const char *container);

/* berth's screen in a terminal of this size. */
void world_screen(struct terminal *terminal, int columns, int rows);

/* Reapers of berth (launch/reaper.h) for this program's containers, each sent `signal`; 0 only counts. */
size_t world_reapers(int signal);
