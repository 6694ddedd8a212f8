/* Of what kind a standby container is: see launch/standby.h, which makes it of a run. A value. */
#pragma once

#include "base/json.h"

struct standby_kind {
    char *digest;        /* 64 hexadecimal digits */
    char *stem;          /* what the names begin with: "coi-0123abcd-" */
    char *settings;      /* LABEL_SETTINGS */
    char *image;         /* as the settings call it … */
    char *fingerprint;   /* … and what that is now */
    char *host;          /* "1001:1001": whose; NULL: not known */
    char *daemon;        /* LABEL_DAEMON */
    char *network;       /* what it was called then; NULL: none */
    json_t *body;        /* of POST /1.0/instances, but for the name */
    unsigned int wanted; /* how many there are to be */
    size_t useless;      /* of those that were looked at: gone, or going, without a run */
    bool by_hand; /* a flag, or a workspace's own file, is part of it: such are only made when told to */
};
void standby_kind_done(struct standby_kind *kind);
