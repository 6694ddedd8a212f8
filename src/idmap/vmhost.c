#include "idmap/vmhost.h"

#include "idmap/mounts.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum idmap_vm vmhost_from_signs(const struct vm_signs *signs) {
    if (strcasestr(signs->kernel_release, "microsoft"))
        return IDMAP_VM_WSL;
    if (strcasestr(signs->kernel_release, "orbstack"))
        return IDMAP_VM_ORBSTACK;
    if (str_starts(signs->hostname, "colima"))
        return IDMAP_VM_COLIMA;
    if (str_starts(signs->hostname, "lima-") || signs->lima_user)
        return IDMAP_VM_LIMA;
    /* a share without a name to it: the common case on a Mac whose machine was renamed */
    if (str_equal(signs->filesystem, "virtiofs"))
        return IDMAP_VM_LIMA;
    return IDMAP_VM_NONE;
}

/* Lima makes its account in the machine's own file; directories of a network are not asked. */
static bool has_local_account(const char *name) {
    FILE *file = fopen("/etc/passwd", "re");
    const struct passwd *entry = NULL;
    while (file && (entry = fgetpwent(file)) && !str_equal(entry->pw_name, name))
        ;
    if (file)
        fclose(file);
    return entry;
}

enum idmap_vm vmhost_detect(const char *filesystem) {
    struct utsname machine;
    if (uname(&machine) < 0)
        memset(&machine, 0, sizeof machine);
    struct vm_signs signs = {
        .filesystem = filesystem,
        .hostname = machine.nodename,
        .kernel_release = machine.release,
        .lima_user = has_local_account("lima") || access("/run/lima-boot-done", F_OK) == 0 ||
                     access("/usr/local/bin/lima-guestagent", F_OK) == 0,
    };
    return vmhost_from_signs(&signs);
}
