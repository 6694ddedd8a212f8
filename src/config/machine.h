/*
 * Machines that the settings describe: [member NAME], one of a cluster, and [remote NAME], a daemon that is
 * spoken to over TLS.
 */
#pragma once

#include "base/error.h"

enum machine_kind { MACHINE_MEMBER, MACHINE_REMOTE };

/* Of a member only the first two. */
enum machine_key {
    MACHINE_UID,
    MACHINE_GID,
    MACHINE_URL,
    MACHINE_FINGERPRINT,
    MACHINE_PROJECT,
    MACHINE_TARGET,
    MACHINE_KEYS
};

struct machine {
    enum machine_kind kind;
    char *name;
    char *values[MACHINE_KEYS]; /* NULL where nothing is said */
    char *where;                /* its first line: "config.ini:30" */
};

struct machines {
    struct machine *items;
    size_t count;
};
void machines_done(struct machines *machines);
void machines_copy(struct machines *to, const struct machines *from);

/* The kind that a section's name begins with, and the machine's behind it; NULL: it is none of these. Lent.
 */
const char *machine_section(const char *section, enum machine_kind *kind);
/* Takes one line of such a section; an error begins with `where`. */
bool machines_take(struct machines *machines, enum machine_kind kind, const char *name, const char *key,
                   const char *value, const char *where, struct error *err) nodiscard;
/* NULL if there is none of that name. */
const struct machine *machines_find(const struct machines *machines, enum machine_kind kind,
                                    const char *name);
/* "": nothing is said; `machine` may be NULL. Lent. */
const char *machine_text(const struct machine *machine, enum machine_key key);
/* The ids that own what a session there writes; false if uid is not said. A gid that is not said is it too.
 */
bool machine_ids(const struct machine *machine, unsigned int *uid, unsigned int *gid);

/* Whether it can name a machine: letters, digits, "-", "_" and ".", none of which a path begins with. */
bool machine_name_is_good(const char *name);
