/* What a container's mapping really is, and whether it is what it should be. */
#pragma once

#include "base/json.h"
#include "config/settings.h"
#include "idmap/idmap.h"
#include "incus/client.h"

struct inspection {
    char *name;
    char *status;
    char *raw;       /* raw.idmap; "" if none */
    json_t *current; /* the id map in force: array of {Isuid, Isgid, Hostid, Nsid, Maprange} */
    json_t *disks;   /* array of {device, source, path, shift} */
    char *source;    /* of the workspace; "" if the container has none */
    bool shift;      /* of the workspace */
    struct idmap_ids code;
    bool owner_known; /* the source could be looked at */
    struct idmap_ids owner;
    struct idmap_ids predicted; /* its owner as the map should show it */
    bool seen_known;            /* the container runs and was asked */
    struct idmap_ids seen;
    bool holds;    /* predicted equals seen; true while nothing is known against it */
    bool writable; /* code owns the workspace inside */
};
void inspection_done(struct inspection *inspection);

bool inspect_instance(struct incus *client, const char *name, const struct settings *settings,
                      struct inspection *inspection, struct error *err) nodiscard;

/*
 * The id inside of host id `id` under a map such as inspection.current; IDMAP_NOBODY if it has none.
 * For the tests, too.
 */
unsigned int inspect_through(const json_t *map, bool group, unsigned int id);
