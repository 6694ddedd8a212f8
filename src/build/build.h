/*
 * Images from recipes: a container of the base, its files, packages, user and script, a look at whether all
 * is there, and an image of it under the alias. The old image has the alias until the new one is good.
 */
#pragma once

#include "build/request.h"
#include "incus/client.h"

#define IMAGE_RECIPE "berth.recipe" /* the property of an image: the digest of what it was made of */

enum build_outcome {
    BUILD_MADE,
    BUILD_UNCHANGED, /* the image is what the recipe would make */
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
