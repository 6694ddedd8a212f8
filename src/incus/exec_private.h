/* One command, as the two files see it that handle it: its life (exec.c), and what goes to it
 * (exec_input.c). */
#pragma once

#include "base/str.h"
#include "incus/private.h"
#include "incus/websocket.h"

struct await;
struct exec_handler;
struct timer;

enum { STDIN, STDOUT, STDERR, CONTROL, STREAMS };

struct stream {
    struct exec *exec;
    int index;
    struct websocket *websocket;
    bool open;
    bool complete; /* the daemon has said that nothing more comes */
    bool ended;
};

struct exec {
    struct incus *client;
    struct timer *posting;
    struct timer *attaching; /* how long the daemon has left to answer */
    struct timer *losing;    /* a stream was lost, `err` says which: how long the daemon has to say why */
    struct call *starting;
    struct await *waiting;
    char *program; /* argv[0], for errors */
    char *instance;
    json_t *request;
    unsigned int attempts;
    char *path; /* of the operation, once it has one */
    struct stream streams[STREAMS];
    json_t *secrets;
    bool terminal;
    bool early;
    bool conditional, met; /* it has a condition, and that holds */
    bool released;
    bool attached; /* the daemon holds the process */
    bool opened;   /* the gate is */
    bool begun;    /* the command is; until then the next three wait */
    struct buffer input;
    bool input_ended;
    json_t *control;
    bool over; /* the operation has ended */
    bool reported;
    int status;
    struct error err;
    const struct exec_handler *handler;
    void *data;
};

/* Opens the gate in front of the command, if all that it takes is there. */
void exec_open_gate(struct exec *exec);
/* The command itself is there, or just coming: what waited for it goes out. */
void exec_begin(struct exec *exec);
