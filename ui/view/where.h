/*
 * The line of a launch form that says on which machine it will be. Only where one is named is there
 * anything to ask; it is asked in a task, and no key waits for it.
 */
#pragma once

#include "launch/place.h"
#include "ui/view/host.h"

struct where;

struct where_line {
    struct where *asking; /* NULL: it is not being asked */
    char *asked;          /* about which target and workspace; NULL: not yet */
    char *words;          /* what came of it: "nodeb: 21.0 GiB …"; NULL: it is this machine */
    bool refused;         /* it says why it is on none */
    unsigned int changes; /* how often what is below has changed */
    /* Where it is to be, and what that machine's daemon says of itself (no version: nothing). */
    struct incus *client; /* lent */
    struct place place;
    struct workspace workspace;
    struct server server;
};
void where_done(struct where_line *line);
/* For what is filled in now; the screen is drawn again when the answer is there. `line` stays in its place.
 */
void where_update(struct where_line *line, struct host *host, const char *workspace, const char *target);
/* The mapping on that machine; false if it is this one's, or where it is to be is not known (yet). */
bool where_mapping(const struct where_line *line, const struct settings *settings, struct mapping *mapping);
/* What is left of the area below it. */
struct area where_draw(const struct where_line *line, struct area area);
