/*
 * A command in a running instance, its streams over websockets
 * (https://linuxcontainers.org/incus/docs/main/instance-exec/ and the REST API's exec).
 */
#pragma once

#include "incus/client.h"

struct exec;

struct exec_request {
    char *const *command; /* argv, NULL at its end */
    uid_t uid;
    gid_t gid;
    const char *cwd;           /* NULL: the user's home */
    const json_t *environment; /* an object of strings; may be NULL */
    bool terminal;             /* a pty: one stream both ways */
    unsigned short columns, rows;
    /*
     * Of a command with streams: its process is made at once and waits inside for exec_release(), which is
     * then a matter of a millisecond. It is in `cwd` only from there on, so that this may come meanwhile.
     */
    bool early;
    /*
     * Of the same: in sh's words, what has to hold inside before it begins; `argument` is their $3. If it
     * does not, the command is not run, and the error's code is EXEC_UNMET. NULL: nothing.
     */
    const char *condition, *argument;
};
#define EXEC_UNMET 1

struct exec_handler {
    /* Bytes of stream 1 or 2 (a pty: 1). */
    void (*output)(void *data, int stream, const void *bytes, size_t size);
    /* Queued input has gone out: there is room for more. */
    void (*drained)(void *data);
    /*
     * The end, once, behind the last output. status: the command's, 128+N for a signal, 126 and 127 as
     * a shell gives them; -1 with `err` filled in if the daemon went away.
     */
    void (*finished)(void *data, int status, struct error *err);
};

/*
 * Prepares the command: it is accepted by the daemon and connected but for one stream, so that it
 * does not run before exec_release(). It is run once or not at all. The request is borrowed for the
 * call, the handler for as long.
 */
struct exec *exec_start(struct incus *client, const char *instance, const struct exec_request *request,
                        const struct exec_handler *handler, void *data) nodiscard;
void exec_release(struct exec *exec);
/* Frees; a command that runs goes on. NULL is allowed. */
void exec_free(struct exec *exec);

void exec_write(struct exec *exec, const void *bytes, size_t size);
/* The end of input. For a pty there is none but Ctrl-D. */
void exec_end_input(struct exec *exec);
/* Input that is on its way to the daemon, in bytes: wait for `drained` above a few 64 KB. */
size_t exec_queued(const struct exec *exec);
/* Stops and resumes output of stream 1 or 2. */
void exec_pause(struct exec *exec, int stream, bool paused);
void exec_signal(struct exec *exec, int signal);
void exec_resize(struct exec *exec, unsigned short columns, unsigned short rows);

/*
 * A command without input or output, asked for its exit status alone: begun by exec_ask(), waited for
 * by exec_answer(); *status as above. In rare cases it runs twice, even at once (see EXEC_ATTACH_FAILED):
 * nothing but what bears that, which is, in all of berth: test(1) on the workspace (launch/verify.c), tmux
 * has-session and a look at /proc (session/tmux.c), and tmux new-session of a session that has a name of
 * its own, of which tmux makes one however often it is asked (tmux_start()).
 */
struct question_inside;
struct question_inside *exec_ask(struct incus *client, const char *instance,
                                 const struct exec_request *request) nodiscard;
bool exec_answer(struct question_inside *question, int *status, struct error *err) nodiscard;
void exec_ask_free(struct question_inside *question);
static inline void exec_ask_cleanup(struct question_inside **question) {
    exec_ask_free(*question);
}
/* Both in one. */
bool exec_run(struct incus *client, const char *instance, const struct exec_request *request, int *status,
              struct error *err) nodiscard;
