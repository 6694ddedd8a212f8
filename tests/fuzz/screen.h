/* A terminal for the targets that need one: curses on a pseudo-terminal that nobody looks at. */
#pragma once

/* Its other side, for keys; the first call makes it. */
int screen_master(void);
