#include "base/tty.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* A process has one terminal; a signal handler can reach nothing but static things. */
static struct termios saved;
static volatile sig_atomic_t taken_fd = -1;
static const char *volatile goodbye;

bool tty_both(void) {
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

void tty_size(int fd, unsigned short *columns, unsigned short *rows) {
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
        size = (struct winsize){.ws_col = 80, .ws_row = 24};
    *columns = size.ws_col;
    *rows = size.ws_row;
}

void tty_restore(void) {
    int fd = taken_fd;
    if (fd < 0)
        return;
    taken_fd = -1;
    const char *words = goodbye;
    if (words && write(fd, words, strlen(words)) < 0)
        words = NULL; /* it has gone */
    tcsetattr(fd, words ? TCSAFLUSH : TCSADRAIN, &saved);
}

static void fatal(int signal) {
    tty_restore();
    raise(signal); /* SA_RESETHAND has put the default action back */
}

static void guard(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGQUIT};
    static bool guarded;
    if (guarded)
        return;
    guarded = true;
    atexit(tty_restore);
    struct sigaction action = {.sa_handler = fatal, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};
    for (size_t i = 0; i < array_length(signals); i++)
        sigaction(signals[i], &action, NULL);
}

bool tty_guard(int fd, const char *words, struct error *err) {
    if (tcgetattr(fd, &saved) < 0)
        return error_errno(err, errno, "the terminal's modes");
    guard();
    goodbye = words;
    taken_fd = fd;
    return true;
}

void tty_unguard(void) {
    taken_fd = -1;
}

bool tty_raw(int fd, struct error *err) {
    if (!tty_guard(fd, NULL, err))
        return false;
    struct termios raw = saved;
    cfmakeraw(&raw);
    if (tcsetattr(fd, TCSADRAIN, &raw) < 0)
        return error_errno(err, errno, "the terminal's modes");
    return true;
}
