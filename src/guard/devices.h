/* What a guard becomes in an instance: devices, and rules for the kernel. Pure. */
#pragma once

#include "base/json.h"
#include "guard/guard.h"

/* The names of its devices begin so. */
#define GUARD_DEVICE "guard-"

/*
 * Disk devices by name: each item under each root that it lies in, and the roots of the guard's own. What
 * is covered is covered by `empty`/file or `empty`/directory. A new reference.
 */
json_t *guard_devices(const struct guard *guard, bool shift, const char *empty) nodiscard;

/*
 * The same for a container that runs already. A device is not put below another one's path then: when one
 * cannot be added the daemon takes out those that it has added before, and removes the file over which each
 * lies (Incus 6.0), which would be the host's. So the daemon adds no more than what lies on the container's
 * own disk, and these binds are made inside, by root: from a path to a path, "ro" or "rw", three strings
 * for each, in their order. False if it cannot be done so.
 */
json_t *guard_bind_devices(const struct guard *guard, bool shift, const char *empty) nodiscard;
bool guard_binds(const struct guard *guard, struct strings *binds) nodiscard;
/* Where what secrets are covered with is seen, until they are. */
#define GUARD_EMPTY "/.berth-empty"

/*
 * Rules of AppArmor (apparmor.d(5)) that deny to everybody inside, root too, what would get round the
 * devices: umount of any of them, under any name that another mount of a parent gives them; every further
 * mount of the workspace, under a name by which it would not be known; mounts over it; making it the root;
 * and writing to what is protected by its name, for a mount can go without umount (mount_namespaces(7), a
 * copy's umount propagates; and a file that the host replaces takes the mount with it). Containers within
 * the session cannot have the workspace mounted then. Caller owns.
 */
char *guard_apparmor(const struct guard *guard) nodiscard;
/*
 * Beside them: the mount calls that AppArmor does not see before Linux 6.7, as Incus'
 * security.syscalls.deny takes them. They are answered as by a kernel that has not got them, and programs
 * go on with mount(2).
 */
extern const char guard_denied_calls[];

/*
 * What /proc/self/mountinfo must show inside: after "@ROOT", where a root is seen, a line for each mount in
 * it: "PATH MOUNTPOINT ro", the path from where the root's own mount begins, without "ro" if writable.
 * launch/seen.h compares.
 */
void guard_expected_mounts(const struct guard *guard, struct strings *lines);

/* A mount point inside, of all that there are, that it would be harmless to lose; "" if there is none. */
char *guard_probe(const struct guard *guard) nodiscard;

/* {"paths": [{"path", "how", "inside"}…], "warnings": […]}. A new reference. */
json_t *guard_json(const struct guard *guard) nodiscard;
/* "read-only", …; for people and JSON. */
const char *guard_how_name(enum guard_how how);
