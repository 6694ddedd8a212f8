/* The incus command's own configuration, from which remotes are taken. */
#pragma once

#include "remote/remote.h"

/* Adds what is a daemon behind TLS in it, if there is such a file at all. */
void incus_config_load(struct remotes *remotes);
