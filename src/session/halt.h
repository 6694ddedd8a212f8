/* Asking a container to stop: whether its first process can hear that. */
#pragma once

#include "incus/client.h"

/*
 * The daemon asks by a signal to the first process: SIGPWR, or SIGRTMIN+3 where that is blocked, as systemd
 * does once it can hear it (liblxc, lxccontainer.c, do_lxcapi_shutdown()). In its first moments it loses
 * the signal, and would be waited for forever; so would one that handles no signal at all. This waits until
 * it can, two seconds at most. False: it cannot, or its process cannot be seen from here; then it has to be
 * ended by force.
 */
bool halt_can_be_heard(struct incus *client, const char *name);
