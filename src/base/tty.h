/*
 * The terminal, taken and given back: after tty_raw() and tty_guard() its modes are restored by
 * tty_restore(), at exit, and when a fatal signal ends the process.
 */
#pragma once

#include "base/error.h"

/* Whether descriptors 0 and 1 are both terminals. */
bool tty_both(void);
/* The size of the terminal at fd; 80×24 where it does not tell. */
void tty_size(int fd, unsigned short *columns, unsigned short *rows);
/* Every key as it is typed, none a signal. */
bool tty_raw(int fd, struct error *err) nodiscard;
/*
 * Remembers the modes that are to be restored; who changes them is the caller. `goodbye`, a constant,
 * is written then too: the sequences that undo what the caller's have done to the terminal.
 */
bool tty_guard(int fd, const char *goodbye, struct error *err) nodiscard;
/* The caller has put everything back. */
void tty_unguard(void);
/* Does nothing if nothing was taken; safe in a signal handler. */
void tty_restore(void);
