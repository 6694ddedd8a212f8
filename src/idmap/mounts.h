/*
 * Filesystems: which one a path lies on, and whether that kind takes idmapped mounts.
 */
#pragma once

#include "idmap/idmap.h"

#include <stdio.h>

/*
 * The filesystem type of the mount `id` in `mountinfo`, of the form of /proc/self/mountinfo (proc(5):
 * field 1 is the id, the type is the first field behind the lone "-"); read line by line, for there may be
 * many. False if it is not there.
 */
bool mounts_type_of_id(FILE *mountinfo, unsigned long id, char *type, size_t room);

/* The type of the mount on which the open directory lies, by statx's mount id. */
bool mounts_type(int fd, const char *path, char *type, size_t room, struct error *err) nodiscard;

/*
 * Whether a filesystem of this type takes idmapped mounts on this kernel (uname's release). The
 * kernel's own list is the set of filesystems with FS_ALLOW_IDMAP in fs/ .
 */
enum idmap_answer mounts_idmapped(const char *type, const char *kernel_release);

/* Whether a workspace of this type usually comes from a virtual machine's host. */
bool mounts_is_vm_share(const char *type);
