/* The screen: berth as a full-screen session manager. */
#pragma once

#include "config/settings.h"
#include "incus/endpoint.h"

struct ui_options {
    struct settings *settings;       /* borrowed; in force already */
    const struct endpoint *endpoint; /* of the daemon; borrowed */
    bool no_color;
    /*
     * What may stand at the end of a command line of berth's, for the line behind ":". `names` are the
     * sessions that there are. May be NULL.
     */
    void (*complete)(const struct strings *words, const struct strings *names, struct strings *found);
};

/* Runs until the user leaves it; false with an error if it cannot begin, or *signal ended it. */
bool ui_run(const struct ui_options *options, int *signal, struct error *err) nodiscard;

/* Calls `each` with every key and what it does, for the manual. */
void ui_keys(void (*each)(void *data, const char *label, const char *words), void *data);
