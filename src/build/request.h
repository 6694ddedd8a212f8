/* What a build is asked for, and who is told of its steps. */
#pragma once

#include "build/recipe.h"

struct build_watcher {
    void (*step)(void *data, const char *words);                /* what begins now */
    void (*progress)(void *data, const char *words);            /* the daemon's own words */
    void (*output)(void *data, const void *bytes, size_t size); /* of packages and script, as it comes */
    void *data;
};

struct build_request {
    const struct recipe *recipe; /* borrowed, as is the rest */
    const struct settings *settings;
    const char *alias;
    bool force; /* although nothing has changed */
    bool keep;  /* the container of a build that failed stays, to be looked at */
};
