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
    bool lima_user;             /* an account "lima", or /run/lima-boot-done, or lima-guestagent */
};

/* Which one, from the signs alone. */
enum idmap_vm vmhost_from_signs(const struct vm_signs *signs);

/* Looks at this machine. */
enum idmap_vm vmhost_detect(const char *filesystem);
