/*
 * A program in a pseudo-terminal, its screen kept by libvterm: keys in, screens out.
 */
#pragma once

#include "tests/harness/harness.h"

#include <termios.h>
#include <vterm.h>

struct terminal {
    int fd;    /* the terminal's own side */
    int slave; /* open for looking at its modes */
    pid_t pid;
    struct termios before; /* modes at the start */
    VTerm *vterm;
    VTermScreen *screen;
    int columns, rows;
    struct buffer raw; /* everything that was written to it */
};

/* Runs argv[0] (found in PATH; "berth": the one that is tested), in TERM xterm-256color unless `how` has
 * another. */
void terminal_open(struct terminal *terminal, const struct how *how, int columns, int rows,
                   const char *const *argv);
/* Reads until the program ends; returns its status (128+N for a signal) and frees. */
int terminal_close(struct terminal *terminal);
/* The same, but the modes must be what they were before the program began. */
int terminal_close_restored(struct terminal *terminal);

void terminal_type(struct terminal *terminal, const char *keys);
/* A press of the first button, and its release, in the protocol that the program has asked for. */
void terminal_click(struct terminal *terminal, int row, int column);
void terminal_resize(struct terminal *terminal, int columns, int rows);
/* Takes in what comes within so many milliseconds; 0: what is there. */
void terminal_read(struct terminal *terminal, int milliseconds);

/* Waits until the screen shows the text, or no longer does; fails the test after 20 seconds. */
#define terminal_expect(terminal, text)     terminal_wait_for(terminal, text, true, __FILE__, __LINE__)
#define terminal_expect_not(terminal, text) terminal_wait_for(terminal, text, false, __FILE__, __LINE__)
void terminal_wait_for(struct terminal *terminal, const char *text, bool wanted, const char *file,
                       int line);
/* Waits until the program has written this, from `from` of what it wrote on. */
void terminal_expect_raw(struct terminal *terminal, const char *text, size_t from);

/* The whole screen, a line for each row, without blanks at their ends. Caller owns. */
char *terminal_text(const struct terminal *terminal);
/* The row (from 0) in which the text stands; -1: none. *column gets where it begins, in cells. */
int terminal_find(const struct terminal *terminal, const char *text, int *column);
VTermScreenCell terminal_cell(const struct terminal *terminal, int row, int column);

/*
 * Compares the screen with tests/screen/golden/NAME.txt, what differs from run to run (hashes in names,
 * times) masked. With BERTH_GOLDEN=write the file is written instead: look at it before it is kept.
 */
void terminal_golden(struct terminal *terminal, const char *name);
