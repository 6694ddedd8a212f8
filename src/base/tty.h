/*
 * The terminal, taken and given back: after tty_raw() its modes are restored by tty_restore(), at
 * exit, and when a fatal signal ends the process.
 */
#pragma once

#include "base/error.h"

/* Whether descriptors 0 and 1 are both terminals. */
bool tty_both(void);
/* The size of the terminal at fd; 80×24 where it does not tell. */
void tty_size(int fd, unsigned short *columns, unsigned short *rows);
/* Every key as it is typed, none a signal. */
bool tty_raw(int fd, struct error *err) nodiscard;
/* Does nothing if nothing was taken; safe in a signal handler. */
void tty_restore(void);
