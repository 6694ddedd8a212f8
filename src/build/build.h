/*
 * Images from recipes: a container of the base, its files, packages, user and script, a look at whether all
 * is there, and an image of it under the alias. The old image has the alias until the new one is good.
 */
#pragma once

#include "build/recipe.h"
#include "incus/client.h"

#define IMAGE_RECIPE "berth.recipe" /* the property of an image: the digest of what it was made of */

enum build_outcome {
    BUILD_MADE,
    BUILD_UNCHANGED, /* the image is what the recipe would make */
};

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

/*
 * Builds it. One build of an alias at a time on this machine: another one is an error that says so.
 * Whatever happens, a signal or this process killed: the container goes again, and the alias stands for a
 * whole image, the old or the new one. An old image that berth made goes when nothing else is called so.
 * *fingerprint gets the image's; caller owns.
 */
bool build_image(struct incus *client, const struct build_request *request,
                 const struct build_watcher *watcher, enum build_outcome *outcome, char **fingerprint,
                 struct error *err) nodiscard;
