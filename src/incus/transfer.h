/* Bytes that do not fit into memory, to and from the daemon: files of instances, images. */
#pragma once

#include "base/str.h"
#include "incus/client.h"
#include "incus/private.h"

#include <stdio.h>

struct transfer {
    FILE *to;     /* where the answer's body goes; NULL, or !to_file: into `text` */
    FILE *from;   /* what is sent; NULL: nothing, or what the handle was given */
    bool to_file; /* the answer is what was asked for, and no words of the daemon's: set by `header` */
    void (*header)(struct transfer *transfer, const char *name, const char *value); /* may be NULL */
    void *data;                                                                     /* for `header` */
    struct buffer text;
    bool full; /* the answer could not be written */
    bool done;
    CURLcode code;
};
/* The text alone is owned. */
void transfer_done(struct transfer *transfer);

/*
 * Runs it to its end; a refusal is an error with the daemon's words and its HTTP status. `what` is named in
 * errors.
 */
bool transfer_run(struct incus *client, CURL *easy, struct transfer *transfer, const char *what,
                  struct error *err) nodiscard;
