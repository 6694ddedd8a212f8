/* A container that is there already for a workspace: whether a session may use it. */
#pragma once

#include "launch/prepared.h"

/*
 * With a slot: looks at what is in it. Without: at the workspace's persistent containers, where such a one
 * was asked for. prepared->existing and ->slot are filled in if one is to be used. Errors say why the one
 * that was asked for cannot be: another workspace's, running and not persistent, frozen, or persistent
 * where the request wants a container of its own.
 */
bool existing_find(struct incus *client, struct prepared *prepared, struct error *err) nodiscard;
