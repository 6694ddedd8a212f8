/*
 * Delegated ids: the lines "user:first:count" of /etc/subuid and /etc/subgid (subuid(5)), as newuidmap(1)
 * reads them: no blanks, no comment behind the count.
 */
#pragma once

#include "idmap/idmap.h"

/*
 * Whether `content`, the text of such a file, delegates `id` to root, who is named "root" or "0"
 * there. Ranges may overlap. Lines that are no such triple are skipped, as newuidmap skips them;
 * *malformed is the number of the first that is neither empty nor begins with "#", 0 if there is none.
 */
bool subid_delegates(const char *content, unsigned long id, unsigned int *malformed);

/* Reads `file` ("/etc/subuid"); a file that is missing delegates nothing. */
enum idmap_delegation subid_delegation(const char *file, unsigned long id, unsigned int *malformed);
