/*
 * Delegated ids: the lines "user:first:count" of /etc/subuid and /etc/subgid (subuid(5)).
 */
#pragma once

#include "idmap/idmap.h"

/*
 * Whether `content`, the text of such a file, delegates `id` to root, who is named "root" or "0"
 * there. Lines that are no such triple are skipped, as newuidmap skips them.
 */
bool subid_delegates(const char *content, unsigned long id);

/* Reads `file` ("/etc/subuid"); a file that is missing delegates nothing. */
enum idmap_delegation subid_delegation(const char *file, unsigned long id);
