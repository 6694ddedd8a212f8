/*
 * The terminal: taken, given back, lent to a session and to the shell. The only place that reads from
 * it, and that writes to it past curses.
 */
#pragma once

#include "base/error.h"

/* What is no character: above all of Unicode's. */
#define SPECIAL_KEY 0x110000

enum special {
    UI_UP = SPECIAL_KEY,
    UI_DOWN,
    UI_LEFT,
    UI_RIGHT,
    UI_HOME,
    UI_END,
    UI_PAGE_UP,
    UI_PAGE_DOWN,
    UI_BACKSPACE,
    UI_DELETE,
    UI_ENTER,
    UI_TAB,
    UI_BACK_TAB,
    UI_ESCAPE,
    UI_CLICK,
    UI_DOUBLE_CLICK,
    UI_WHEEL_UP,
    UI_WHEEL_DOWN,
    UI_ALT_A,
    UI_FOCUS_IN,
    UI_FOCUS_OUT,
    UI_UNKNOWN,
};
#define UI_CTRL(letter) (0x1f & (letter))

struct key {
    int code;        /* a character, or one of `special` */
    int row, column; /* of a click or a turn of the wheel */
    bool pasted;     /* it is text, whatever it would do as a key */
};

/* Takes the terminal; an error says why it cannot be used (TERM, its size is no reason). */
bool term_open(const char *theme, bool no_color, struct error *err) nodiscard;
/* Gives it back for good. */
void term_close(void);

/* Gives it back for a while, to a session or a command, and takes it again as if nothing had been done. */
void term_lend(void);
void term_take(void);
/* As Ctrl-Z does in a shell: returns when the process is continued. */
void term_suspend(void);
/* The size has changed. */
void term_resize(void);
/* Everything is drawn anew at the next frame. */
void term_redraw(void);

/* The next key, if there is one. */
bool term_read(struct key *key);
/* Puts text into the clipboard of whoever looks at the terminal (OSC 52), as far as it lets us. */
void term_copy(const char *text);
void term_beep(void);
/* A bell, and a notification (OSC 9) for those terminals that show one. */
void term_notify(const char *text);
