/* Reading an ini file's text by inih, with the lines that its handler is not told. */
#pragma once

#include "base/error.h"

#include <ini.h>

struct ini_text {
    const char *file; /* its name, for errors */
    const char *rest; /* of the content; all of it at first */
    int line;         /* the one that was read last: of the pair that a handler is called for */
    struct error *err;
    /* Whether a line may be handed on; if not, an error is set. NULL: all may. */
    bool (*check)(const struct ini_text *text, const char *line);
};

/*
 * Calls inih's handler for every pair, until there is an error: of the handler's, of a line that is too
 * long or neither [section] nor key = value, whichever comes first.
 */
bool ini_text_parse(struct ini_text *text, ini_handler handler, void *data) nodiscard;
