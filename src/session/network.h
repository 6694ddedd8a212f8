/* The network of a session that is there: which one it is, and another one. */
#pragma once

#include "incus/instance.h"
#include "network/keeper.h"

/*
 * Keeps the allowlist that a session is under true for as long as this lasts (keeper.h); NULL if there is
 * nothing to keep. Caller owns.
 */
struct keeper *session_keep_network(struct incus *client, const struct instance *instance) nodiscard;

/*
 * Moves a session to the network of the settings' rules, made if need be; one that runs has another address
 * then, and its connections are lost. *was gets the mode that it had.
 */
bool session_set_network(struct incus *client, const char *name, const struct settings *settings,
                         enum network_mode *was, struct error *err) nodiscard;
