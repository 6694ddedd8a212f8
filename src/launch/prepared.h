/* What was found out for a request, before anything is created. */
#pragma once

#include "idmap/idmap.h"
#include "incus/instance.h"
#include "launch/request.h"
#include "workspace/workspace.h"

struct prepared {
    const struct launch_request *request; /* borrowed */
    struct workspace workspace;
    struct mounts mounts; /* of flags and settings */
    const char *prefix;
    struct idmap_facts facts;
    struct idmap_decision decision;
    struct strings taken; /* names of all instances there are */
    unsigned int slot;
    json_t *root_device;      /* of the default profile; NULL if it has none */
    char *shifting_device;    /* of the default profile: one with shift=true; NULL if there is none */
    const char *not_isolated; /* why isolation was given up; NULL while it was not */
    /* The container that is there for this workspace and slot, to be reused; json NULL: none. */
    struct instance existing;
};
void prepared_done(struct prepared *prepared);
