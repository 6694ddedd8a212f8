/* What names were found to be. */
#pragma once

#include "network/range.h"

struct answer {
    char *name;
    struct ranges addresses;
    long seconds; /* that it is good for */
};
struct answers {
    struct answer *items; /* in the order of the names */
    size_t count;
};
void answers_done(struct answers *answers);

/* Lent; NULL: it was not asked for. */
const struct answer *answers_of(const struct answers *answers, const char *name);
/* The lines of /etc/hosts for them. Caller owns. */
char *answers_hosts(const struct answers *answers) nodiscard;
