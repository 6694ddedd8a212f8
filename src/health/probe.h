/* What reading cannot tell: tried in a container that is made for it, by the one launch path. */
#pragma once

#include "health/examine.h"

/*
 * Makes a workspace of its own in the user's state directory, with a repository and a secret in it, runs
 * one command in a container of it, and removes both. Checks are added for what was seen; that it could not
 * be launched is one. Nothing is contacted but the bridge of the container's own network. Fails only if the
 * waiting does.
 */
bool health_probe(const struct health_subject *subject, struct health *health, struct error *err) nodiscard;
