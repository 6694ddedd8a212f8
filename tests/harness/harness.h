/*
 * What integration tests share: running berth and the incus command as some user, against the private
 * Incus that tests/run has brought up, and looking at the result.
 */
#pragma once

#include "base/json.h"
#include "incus/client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs the four above */
#include <cmocka.h>
#include <sys/types.h>

struct result {
    int status; /* 128+N for a signal */
    char *out;
    size_t out_size;
    char *err;
};
void result_done(struct result *result);
#define _result_ _cleanup_(result_done) struct result

/* How a program is run; all zero: as root, no input, in a folder of nobody's. */
struct how {
    uid_t uid;
    gid_t gid;
    const char *cwd;
    const char *input;
    size_t input_size;            /* 0: input's length */
    const char *const *variables; /* "K=V", ends with NULL; "K" unsets */
    const char *socket;           /* instead of the private daemon's */
    bool no_group;                /* without the daemon's group */
    bool member;                  /* in that of incus-user instead */
    const char *resolver;         /* a file that is /etc/resolv.conf there; NULL: the machine's */
};

/* A program under way. */
struct child {
    pid_t pid, feeder; /* of its input; 0: none */
    int out, err;
};

/* Runs berth to its end; the arguments end with NULL. */
struct result berth(const struct how *how, ...) __attribute__((sentinel));
/* The same for the incus command, which has to succeed. */
struct result incus_command(const char *first, ...) __attribute__((sentinel));
/* A shell's command line, as that user; berth is "$BERTH" in it. */
struct result shell_line(const struct how *how, const char *line);
struct child berth_start(const struct how *how, char *const *arguments);
/* In a child of one's own: becomes what `how` says; its input is not used. */
void child_become(const struct how *how);
struct result child_wait(struct child *child);
/* Waits until the child has written `text` to stdout; fails the test after 20 seconds. */
void child_expect(struct child *child, const char *text);

/* Is `part` in `text`? Shows the text if not. */
#define assert_has(text, part)     check_has(text, part, true, __FILE__, __LINE__)
#define assert_has_not(text, part) check_has(text, part, false, __FILE__, __LINE__)
void check_has(const char *text, const char *part, bool wanted, const char *file, int line);
/* The status, and what was said if it is another. */
#define assert_status(result, wanted) check_status(&(result), wanted, __FILE__, __LINE__)
void check_status(const struct result *result, int wanted, const char *file, int line);

/* A new empty directory with this owner on one of ext4, btrfs, tmpfs, fuse, or on the test's own disk
 * (""). Caller owns the path. */
char *new_folder(const char *filesystem, uid_t uid, gid_t gid);
char *file_owner(const char *folder, const char *name); /* "1001:1001"; "" if it is not there */
bool file_exists(const char *folder, const char *name);
/* Makes a file or writes it anew, in place; the first 4 KiB of one, caller owns. */
void write_file(const char *path, mode_t mode, const char *content);
char *read_file(const char *path);

/* Names of the test's own containers, one to a line, sorted; "" if there is none. Waits up to 30 s
 * for `gone` to become true of it: an ephemeral container is deleted behind berth's back. */
char *containers(void);
void assert_no_containers(void);
void remove_containers(void);

/* The private daemon, for tests that use the library. Once per process. */
struct incus *daemon_client(void);
struct loop *daemon_loop(void);

/* The private daemon dies without a word (its containers live on), and is started again. */
void private_daemon_kill(void);
void private_daemon_up(void);

/* cmocka setup and teardown for a group: a prefix of its own, and its containers removed. */
int group_setup(void **state);
int group_teardown(void **state);
/* A test that begins when the containers of the one before are gone. */
#define live_test(function) cmocka_unit_test_setup(function, test_setup)
int test_setup(void **state);
