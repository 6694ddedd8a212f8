#include "idmap/vmhost.h"

#include "idmap/mounts.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

enum idmap_vm vmhost_from_signs(const struct vm_signs *signs, char *evidence, size_t room) {
    const char *release = signs->kernel_release, *hostname = signs->hostname;
    snprintf(evidence, room, "kernel %s", release);
    if (strcasestr(release, "microsoft"))
        return IDMAP_VM_WSL;
    if (strcasestr(release, "orbstack"))
        return IDMAP_VM_ORBSTACK;
    snprintf(evidence, room, "host name %s", hostname);
    if (str_starts(hostname, "colima"))
        return IDMAP_VM_COLIMA;
    if (str_starts(hostname, "lima-"))
        return IDMAP_VM_LIMA;
    snprintf(evidence, room, "%s", signs->lima ? signs->lima : "");
    if (signs->lima)
        return IDMAP_VM_LIMA;
    /* a share without a name to it: the common case on a Mac whose machine was renamed */
    if (!str_equal(signs->filesystem, "virtiofs"))
        return IDMAP_VM_NONE;
    snprintf(evidence, room, "the workspace lies on virtiofs");
    return IDMAP_VM_LIMA;
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

static const char *sign_of_lima(void) {
    static const char *const files[] = {"/run/lima-boot-done", "/usr/local/bin/lima-guestagent"};
    if (has_local_account("lima"))
        return "account lima";
    for (size_t i = 0; i < array_length(files); i++)
        if (access(files[i], F_OK) == 0)
            return files[i];
    return NULL;
}

enum idmap_vm vmhost_detect(const char *filesystem, char *evidence, size_t room) {
    struct utsname machine;
    if (uname(&machine) < 0)
        memset(&machine, 0, sizeof machine);
    struct vm_signs signs = {.filesystem = filesystem,
                             .hostname = machine.nodename,
                             .kernel_release = machine.release,
                             .lima = sign_of_lima()};
    return vmhost_from_signs(&signs, evidence, room);
}
