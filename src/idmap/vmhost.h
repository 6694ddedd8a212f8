/*
 * Virtual machines that people on other systems run Incus in: told by signs, shown to the user, and
 * a reason to trust shift less.
 */
#pragma once

#include "idmap/idmap.h"

/* What was looked at; nothing owned. */
struct vm_signs {
    const char *filesystem; /* of the workspace */
    const char *hostname;
    const char *kernel_release; /* uname -r */
    const char *lima;           /* what only Lima makes: "account lima", a file's path; NULL: nothing */
};

/* Which one, from the signs alone, and into `evidence` by which of them; "" if it is none. */
enum idmap_vm vmhost_from_signs(const struct vm_signs *signs, char *evidence, size_t room);

/* Looks at this machine. */
enum idmap_vm vmhost_detect(const char *filesystem, char *evidence, size_t room);
