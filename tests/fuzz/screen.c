#include "tests/fuzz/screen.h"

#include "base/loop.h"
#include "ui/terminal/terminal.h"

#include <fcntl.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int screen_master(void) {
    static int master = -1;
    struct winsize size = {.ws_row = 24, .ws_col = 80};
    struct error err = {0};
    int slave;
    if (master >= 0)
        return master;
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    setenv("TERM", "xterm-256color", 1);
    if (openpty(&master, &slave, NULL, NULL, &size) < 0)
        abort();
    fcntl(master, F_SETFL, O_NONBLOCK);
    dup2(slave, 0);
    dup2(null, 1); /* what is drawn goes nowhere */
    if (!term_open("dark", false, &err))
        abort();
    return master;
}
