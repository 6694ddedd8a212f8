#include "idmap/facts.h"

#include "idmap/mounts.h"
#include "idmap/subid.h"
#include "idmap/vmhost.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

struct idmap_ids facts_host_ids(struct idmap_ids process, const char *sudo_uid, const char *sudo_gid,
                                struct idmap_ids owner, enum idmap_source *source) {
    unsigned long uid, gid;
    *source = IDMAP_FROM_PROCESS;
    if (process.uid != 0)
        return process;
    /* 4294967295 is (uid_t)-1, no user */
    if (str_to_number(sudo_uid, UINT32_MAX - 1, &uid) && str_to_number(sudo_gid, UINT32_MAX - 1, &gid) &&
        uid != 0) {
        *source = IDMAP_FROM_SUDO;
        return (struct idmap_ids){(uid_t)uid, (gid_t)gid};
    }
    if (owner.uid != 0) {
        *source = IDMAP_FROM_OWNER;
        return owner;
    }
    return process;
}

static enum idmap_answer answer_for(const char *type) {
    struct utsname machine;
    return mounts_idmapped(type, uname(&machine) == 0 ? machine.release : "");
}

bool facts_filesystem(const char *path, char *type, size_t room, enum idmap_answer *mount_ok,
                      struct error *err) {
    _cleanup_close_ int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, errno, "cannot look at %s", path);
    if (!mounts_type(fd, path, type, room, err))
        return false;
    *mount_ok = answer_for(type);
    return true;
}

/* Nothing of it is seen from here. */
static void gather_elsewhere(const struct facts_there *there, struct idmap_facts *facts) {
    bool known = there->from != IDMAP_FROM_NOWHERE;
    facts->elsewhere = true;
    facts->source = there->from;
    facts->host = known ? there->ids : (struct idmap_ids){IDMAP_NOBODY, IDMAP_NOBODY};
    facts->owner = known ? there->ids : facts->code;
    facts->mode = 0755;
    facts->mount_ok = IDMAP_UNKNOWN;
    snprintf(facts->filesystem, sizeof facts->filesystem, "its filesystem");
    memcpy(facts->deciding, facts->filesystem, sizeof facts->deciding);
}

/* What only that machine's own files and kernel say. */
static void forget_ours(const struct facts_there *there, struct idmap_facts *facts) {
    snprintf(facts->machine, sizeof facts->machine, "%s", there->machine);
    facts->uid_delegation = facts->gid_delegation = IDMAP_UNREAD;
    facts->subuid_malformed = facts->subgid_malformed = 0;
    facts->vm = IDMAP_VM_NONE;
    facts->mount_ok = facts->mount_ok == IDMAP_NO ? IDMAP_NO : IDMAP_UNKNOWN;
    if (there->from == IDMAP_FROM_NOWHERE)
        return;
    facts->host = there->ids;
    facts->source = there->from;
}

bool facts_gather(const char *workspace, const struct facts_input *input, struct idmap_facts *facts,
                  struct error *err) {
    *facts = (struct idmap_facts){
        .code = input->code, .disable_shift = input->disable_shift, .daemon_ok = input->daemon_ok};
    if (input->there && input->there->elsewhere) {
        gather_elsewhere(input->there, facts);
        forget_ours(input->there, facts);
        return true;
    }
    /* one descriptor for all questions: what is asked about is one and the same directory */
    _cleanup_close_ int fd = open(workspace, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(err, errno, "workspace %s", workspace);
    struct stat info;
    if (fstat(fd, &info) < 0)
        return error_errno(err, errno, "workspace %s", workspace);
    facts->owner = (struct idmap_ids){info.st_uid, info.st_gid};
    facts->mode = info.st_mode & 07777;
    if (!mounts_type(fd, workspace, facts->filesystem, sizeof facts->filesystem, err))
        return false;
    facts->mount_ok = answer_for(facts->filesystem);
    memcpy(facts->deciding, facts->filesystem, sizeof facts->deciding);
    facts->vm = vmhost_detect(facts->filesystem, facts->vm_evidence, sizeof facts->vm_evidence);
    facts->host = facts_host_ids((struct idmap_ids){getuid(), getgid()}, getenv("SUDO_UID"),
                                 getenv("SUDO_GID"), facts->owner, &facts->source);
    facts->uid_delegation = subid_delegation("/etc/subuid", facts->host.uid, &facts->subuid_malformed);
    facts->gid_delegation = subid_delegation("/etc/subgid", facts->host.gid, &facts->subgid_malformed);
    if (input->there)
        forget_ours(input->there, facts);
    return true;
}
