/*
 * The guard of a directory that cannot be looked at: another machine's. What a repository and a workspace
 * have at the places where everybody has them is taken to be there, and left out by that machine's daemon
 * where it is not. That a mount is the path that was meant, and no link to another, is seen inside, before
 * anything is run (launch/seen.h).
 */
#pragma once

#include "guard/guard.h"

/*
 * Refused: secrets to be covered, for which there is nothing to cover them with over there. The warnings
 * say what is not protected.
 */
bool guard_assume(const struct guard_input *input, struct guard *guard, struct error *err) nodiscard;
