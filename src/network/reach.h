/* What may be reached, as people list it: hosts, addresses and networks, each with ports. Pure. */
#pragma once

#include "network/range.h"

#define PORT_DNS 53

/* One entry of a list: a name, or a range of addresses. */
struct reach {
    char *text; /* as it is shown: "github.com:443" */
    char *name; /* NULL: the range stands */
    struct range range;
    struct ranges ports; /* of TCP and UDP; none: all, and every protocol */
};

struct reaches {
    struct reach *items; /* sorted by their texts, none twice */
    size_t count;
};
void reaches_done(struct reaches *list);

/*
 * Reads NAME, ADDRESS and CIDR, each with ":PORT", ":FROM-TO" or more of them behind it; a number behind a
 * comma is one more port of the entry before it. What is none is an error that names the entry; `where`
 * begins it.
 */
bool reaches_read(const char *where, const char *text, struct reaches *list, struct error *err) nodiscard;
/* The entries as they are read, "" for none. Caller owns. */
char *reaches_text(const struct reaches *list) nodiscard;

/* Reads a list of ports alone. */
bool ports_read(const char *where, const char *text, struct ranges *ports, struct error *err) nodiscard;
/* "80,443,8000-8010", "" for none. Caller owns. */
char *ports_text(const struct ranges *ports) nodiscard;
