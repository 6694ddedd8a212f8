/* Programs of the host, run to their end while the loop goes on. No shell between. */
#pragma once

#include "base/loop.h"

/*
 * Runs argv[0], a path, with the signals that this process began with, and waits for its end: *status as
 * waitpid(2) gives it. When the waiting is cancelled the program gets SIGTERM, and false is returned.
 */
bool process_run(struct loop *loop, char *const *argv, int *status, struct error *err) nodiscard;
/* The same with `input` to read (at most 64 KiB), and nothing of its output shown but its errors. */
bool process_feed(struct loop *loop, char *const *argv, const char *input, int *status,
                  struct error *err) nodiscard;
/*
 * The same without input, in `directory` (NULL: ours), with `environment` (NULL: ours). What it prints,
 * errors too, is added to `output`, at most `limit` bytes of it (0 or NULL: nothing). After so many
 * milliseconds (0: never) it is killed, which is an error.
 */
struct process_capture {
    const char *directory;
    char *const *environment;
    struct buffer *output;
    size_t limit;
    long timeout;
};
bool process_capture(struct loop *loop, char *const *argv, const struct process_capture *capture,
                     int *status, struct error *err) nodiscard;
/* As many descriptors as the system lets this process have, up to some thousands: each stream takes a few.
 */
void process_more_descriptors(void);
/* Such a status as a shell gives it: 128+N for a signal. */
int process_status(int status);
