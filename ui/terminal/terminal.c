#include "ui/terminal/terminal.h"

#include "base/loop.h"
#include "base/tty.h"
#include "ui/terminal/theme.h"

#include <curses.h>
#include <signal.h>
#include <string.h>

/* Focus reports and bracketed paste (xterm's control sequences, "DECSET"), and their end. */
#define MODES_ON  "\033[?1004h\033[?2004h"
#define MODES_OFF "\033[?1004l\033[?2004l"
/* Whatever a session or a crash may have left: mouse, paste, cursor keys, colours, the other screen. */
#define MODES_PLAIN "\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?1l\033>\033[?25h\033[0m" MODES_OFF
#define GOODBYE     MODES_PLAIN "\033[?1049l\r"

#define DOUBLE_CLICK_MS 400

/* Codes of our own for what curses has none for; above its KEY_MAX. */
enum { CODE_FOCUS_IN = 2000, CODE_FOCUS_OUT, CODE_PASTE, CODE_PASTE_END, CODE_ALT_A };

static SCREEN *screen;
static bool pasting;

static void say(const char *text) {
    fputs(text, stdout);
    fflush(stdout);
}

static void enter(void) {
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
    mouseinterval(0);
    say(MODES_ON);
}

bool term_open(const char *theme, bool no_color, struct error *err) {
    const char *name = getenv("TERM");
    if (str_empty(name) || str_equal(name, "dumb")) {
        error_set(err, ERROR_USAGE, "the terminal cannot show a full screen (TERM is %s)",
                  str_empty(name) ? "not set" : name);
        error_hint(err, "export TERM=xterm-256color, or whatever yours is; berth list needs none of that");
        return false;
    }
    if (!tty_guard(STDIN_FILENO, GOODBYE, err))
        return false;
    screen = newterm(NULL, stdout, stdin);
    if (!screen) {
        _cleanup_free_ char *shown = str_shown(name);
        tty_restore();
        error_set(err, ERROR_USAGE, "no description of the terminal \"%s\" is installed here", shown);
        error_hint(err, "export TERM=xterm-256color, or install ncurses-term");
        return false;
    }
    set_escdelay(25);
    theme_start(theme, no_color);
    define_key("\033[I", CODE_FOCUS_IN);
    define_key("\033[O", CODE_FOCUS_OUT);
    define_key("\033[200~", CODE_PASTE);
    define_key("\033[201~", CODE_PASTE_END);
    define_key("\033a", CODE_ALT_A);
    enter();
    return true;
}

void term_close(void) {
    if (!screen)
        return;
    say(MODES_OFF);
    endwin();
    delscreen(screen);
    screen = NULL;
    tty_unguard();
}

void term_lend(void) {
    say(MODES_OFF);
    endwin();
    fflush(stdout);
    tty_unguard();
}

void term_take(void) {
    _cleanup_(error_done) struct error ignored = {0};
    say(MODES_PLAIN);
    if (!tty_guard(STDIN_FILENO, GOODBYE, &ignored))
        return; /* it has gone: the next read says so */
    pasting = false;
    enter();
    term_resize();
    term_redraw();
}

void term_suspend(void) {
    term_lend();
    struct sigaction old, plain = {.sa_handler = SIG_DFL};
    sigaction(SIGTSTP, &plain, &old);
    kill(0, SIGTSTP); /* the whole job, as the terminal does it */
    sigaction(SIGTSTP, &old, NULL);
    term_take();
}

void term_resize(void) {
    unsigned short columns, rows;
    tty_size(STDOUT_FILENO, &columns, &rows);
    resizeterm(rows, columns);
}

void term_redraw(void) {
    clearok(curscr, TRUE);
}

static void read_mouse(struct key *key) {
    static int64_t last_at;
    static int last_row = -1;
    MEVENT event;
    key->code = UI_UNKNOWN;
    if (getmouse(&event) != OK)
        return;
    key->row = event.y;
    key->column = event.x;
    if (event.bstate & BUTTON4_PRESSED)
        key->code = UI_WHEEL_UP;
    else if (event.bstate & BUTTON5_PRESSED)
        key->code = UI_WHEEL_DOWN;
    if (!(event.bstate & BUTTON1_PRESSED))
        return;
    int64_t now = loop_now();
    bool twice = event.y == last_row && now - last_at < DOUBLE_CLICK_MS;
    key->code = twice ? UI_DOUBLE_CLICK : UI_CLICK;
    last_at = twice ? 0 : now;
    last_row = event.y;
}

static int translate(int code) {
    static const int table[][2] = {
        {KEY_UP, UI_UP},         {KEY_DOWN, UI_DOWN},          {KEY_LEFT, UI_LEFT},
        {KEY_RIGHT, UI_RIGHT},   {KEY_HOME, UI_HOME},          {KEY_END, UI_END},
        {KEY_PPAGE, UI_PAGE_UP}, {KEY_NPAGE, UI_PAGE_DOWN},    {KEY_BACKSPACE, UI_BACKSPACE},
        {KEY_DC, UI_DELETE},     {KEY_ENTER, UI_ENTER},        {KEY_BTAB, UI_BACK_TAB},
        {CODE_ALT_A, UI_ALT_A},  {CODE_FOCUS_IN, UI_FOCUS_IN}, {CODE_FOCUS_OUT, UI_FOCUS_OUT},
    };
    for (size_t i = 0; i < array_length(table); i++)
        if (table[i][0] == code)
            return table[i][1];
    return UI_UNKNOWN;
}

static int translate_character(wint_t character) {
    switch (character) {
    case '\r':
    case '\n':
        return UI_ENTER;
    case '\t':
        return UI_TAB;
    case 0x7f:
    case '\b':
        return UI_BACKSPACE;
    case 0x1b:
        return UI_ESCAPE;
    default:
        return (int)character;
    }
}

bool term_read(struct key *key) {
    for (;;) {
        wint_t character;
        int kind = get_wch(&character);
        *key = (struct key){.pasted = pasting};
        if (kind == ERR)
            return false;
        if (kind == KEY_CODE_YES && (character == CODE_PASTE || character == CODE_PASTE_END)) {
            pasting = character == CODE_PASTE;
            continue;
        }
        if (kind == KEY_CODE_YES && character == KEY_RESIZE)
            continue; /* resizeterm(3) puts it before the next key, and nobody has pressed it */
        if (kind == KEY_CODE_YES && character == KEY_MOUSE)
            read_mouse(key);
        else
            key->code = kind == KEY_CODE_YES ? translate((int)character) : translate_character(character);
        return true;
    }
}

/* https://www.rfc-editor.org/rfc/rfc4648#section-4 */
static void base64(const char *text, struct buffer *out) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = (const unsigned char *)text;
    for (size_t left = strlen(text); left > 0; at += 3) {
        unsigned int three = at[0] * 65536u + (left > 1 ? at[1] * 256u : 0) + (left > 2 ? at[2] : 0);
        const char four[] = {digits[three >> 18], digits[three >> 12 & 63],
                             left > 1 ? digits[three >> 6 & 63] : '=', left > 2 ? digits[three & 63] : '='};
        buffer_add(out, four, sizeof four);
        left = left > 3 ? left - 3 : 0;
    }
}

void term_copy(const char *text) {
    _cleanup_(buffer_done) struct buffer out = {0};
    buffer_text(&out, "\033]52;c;");
    base64(text, &out);
    buffer_text(&out, "\a");
    say(out.data);
}

void term_beep(void) {
    beep();
}

void term_notify(const char *text) {
    _cleanup_free_ char *shown = str_shown(text), *sequence = str_printf("\a\033]9;%s\033\\", shown);
    say(sequence);
}
