/* A TCP connection between berth and a remote that is slow, or is cut: a real one is neither on request. */
#pragma once

#include <sys/types.h>

struct line {
    unsigned short port; /* of 127.0.0.1 */
    pid_t pid;
};

/*
 * Passes every byte on to ADDRESS:PORT and back, each so many milliseconds after it came; as much as comes,
 * as a wire does. On SIGUSR1 all connections that there are are cut, on SIGUSR2 nothing is passed on any
 * more, and nobody is told.
 */
struct line line_start(const char *address, long milliseconds);
void line_stop(struct line *line);
