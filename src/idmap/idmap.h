/*
 * The mapping of user and group ids between the host and a container: what is known (facts), what
 * follows from it (decision).
 *
 * The rules come from measurements with Incus 6.0 on ext4, btrfs, tmpfs, FUSE and virtiofs, and from
 *   https://linuxcontainers.org/incus/docs/main/userns-idmap/           (raw.idmap, subuid)
 *   https://linuxcontainers.org/incus/docs/main/reference/devices_disk/  (shift)
 *   https://docs.kernel.org/filesystems/idmappings.html                 (idmapped mounts)
 *
 * The words: host ids (H:G) shall own what a session writes; code ids (C:D) are the unprivileged
 * user inside. `shift` is an idmapped mount: ids stay as they are on disk. `raw.idmap` punches one
 * host id into the container's range. A host id is delegated when /etc/subuid or /etc/subgid lets
 * root, as whom the daemon runs, map it.
 */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Shown for an id that has no mapping: the kernel's overflowuid and overflowgid. */
#define IDMAP_NOBODY 65534u

struct idmap_ids {
    uid_t uid;
    gid_t gid;
};

enum idmap_answer { IDMAP_UNKNOWN, IDMAP_NO, IDMAP_YES };

/* Where the host ids were taken from. */
enum idmap_source {
    IDMAP_FROM_PROCESS,
    IDMAP_FROM_SUDO,
    IDMAP_FROM_OWNER,
    IDMAP_FROM_SETTINGS, /* of another machine: [member NAME] or [remote NAME] */
    IDMAP_FROM_PROBE,    /* of another machine: the workspace's owner, as a container there has seen it */
    IDMAP_FROM_NOWHERE,  /* of another machine: not known yet */
};

enum idmap_vm { IDMAP_VM_NONE, IDMAP_VM_LIMA, IDMAP_VM_COLIMA, IDMAP_VM_ORBSTACK, IDMAP_VM_WSL };

/*
 * Whether the daemon may map a host id; UNCONSULTED where newuidmap is absent: it is not asked; UNREAD:
 * that is in another machine's files.
 */
enum idmap_delegation { IDMAP_NOT_DELEGATED, IDMAP_DELEGATED, IDMAP_UNCONSULTED, IDMAP_UNREAD };

/* What the daemon's project allows; all zero: it does not restrict. */
struct idmap_project {
    char name[64];
    bool no_uid, no_gid; /* raw.idmap of the host's uid, or gid, is forbidden */
    char no_source[256]; /* a directory that may not be mounted; "": all may */
    char allowed[256];   /* below which it may: "/home/dev"; "" if nowhere */
};

/* A plain value; nothing in it is owned. */
struct idmap_facts {
    struct idmap_ids host;
    enum idmap_source source;
    struct idmap_ids code;
    bool disable_shift;         /* the user's setting */
    char filesystem[40];        /* as mountinfo names it: "ext4", "fuse.bindfs" */
    enum idmap_answer mount_ok; /* whether it, and that of every extra mount, takes idmapped mounts */
    char deciding[40]; /* the filesystem by which that is so: the workspace's, or an extra mount's */
    enum idmap_answer daemon_ok; /* kernel_features.idmapped_mounts and lxc_features.idmapped_mounts_v2 */
    enum idmap_vm vm;
    char vm_evidence[80]; /* by what it is told: "account lima"; "" where there is none */
    enum idmap_delegation uid_delegation;
    enum idmap_delegation gid_delegation;
    unsigned int subuid_malformed,
        subgid_malformed;   /* the number of the first such line; 0: there is none */
    char machine[64];       /* another one than this: its member or remote; "": this one */
    bool elsewhere;         /* the workspace is its directory: owner and mode are taken to be right */
    struct idmap_ids owner; /* of the workspace */
    mode_t mode;            /* its permission bits */
    bool profile_maps;      /* the default profile has a raw.idmap: beside it nothing can shift */
    struct idmap_project project;
};

enum idmap_method { IDMAP_REFUSED, IDMAP_RAW, IDMAP_SHIFT };

/* Why; the number of the row of the decision table is in the comment. */
enum idmap_reason {
    IDMAP_IDS_MATCH,         /* 1: shift does it */
    IDMAP_IDS_DIFFER,        /* 2 */
    IDMAP_SHIFT_DISABLED,    /* 3 */
    IDMAP_VM_HOST,           /* 3 */
    IDMAP_FILESYSTEM,        /* 3 */
    IDMAP_NO_DAEMON_SUPPORT, /* 3 */
    IDMAP_PROFILE,           /* 3: the default profile has a raw.idmap of its own */
    IDMAP_NOT_DELEGATED_IDS, /* 4: refused */
    IDMAP_HOST_ROOT,         /* 5: refused */
    IDMAP_CODE_ROOT,         /* refused: code must be unprivileged inside too */
    IDMAP_PROJECT_IDS,       /* refused: the project allows no raw.idmap of this uid */
    IDMAP_PROJECT_DISK,      /* refused: the project does not allow this directory */
    IDMAP_IDS_UNKNOWN,       /* another machine's: shift, until a container there has seen the owner */
};

/* Bits of idmap_decision.warnings. */
enum idmap_warning {
    IDMAP_WARN_GROUP_UNMAPPED = 1 << 0, /* row 6: the group shows as nogroup */
    IDMAP_WARN_OWNER_UNMAPPED = 1 << 1, /* the workspace belongs to neither H nor C */
    IDMAP_WARN_NOT_WRITABLE = 1 << 2,   /* code will not be able to write */
    IDMAP_WARN_SHIFT_UNPROVEN = 1 << 3, /* the filesystem's support is unknown; launch may fall back */
    IDMAP_WARN_DAEMON_UNKNOWN = 1 << 4, /* the daemon's features were not known */
    IDMAP_WARN_SUBID = 1 << 5,          /* a line of /etc/subuid or /etc/subgid is malformed */
    IDMAP_WARN_UNREAD = 1 << 6,         /* another machine's files say whether it may be mapped */
};

/* What /workspace will look like. */
struct idmap_view {
    struct idmap_ids seen; /* its owner as seen inside; IDMAP_NOBODY where unmapped */
    bool writable;         /* by code, from owner and mode: access lists are not looked at */
    struct idmap_ids made; /* owner on the host of a file that code creates */
    bool made_gid_known;   /* false: a group of the container's own range owns it */
};

/* A plain value; nothing in it is owned. */
struct idmap_decision {
    enum idmap_method method;
    enum idmap_reason reason;
    char raw[64]; /* the text for raw.idmap; "" unless the method is IDMAP_RAW */
    bool shift;   /* for every disk device; never together with raw */
    bool group_mapped;
    unsigned int warnings;
    struct idmap_view view;
};

/* The decision for these facts: pure, total, the same for the same facts. */
struct idmap_decision idmap_decide(const struct idmap_facts *facts);

/* Whom the owner `ids` on the host shows as inside, under this decision; IDMAP_NOBODY where it has no one.
 */
struct idmap_ids idmap_seen(const struct idmap_facts *facts, const struct idmap_decision *decision,
                            struct idmap_ids ids);

/* The same with shift ruled out: for the launch whose filesystem turned out not to take it. */
struct idmap_decision idmap_decide_without_shift(const struct idmap_facts *facts);

/*
 * The answer for two filesystems of one container, whose devices are mapped one way: NO if one says
 * no, UNKNOWN if one is unknown.
 */
enum idmap_answer idmap_both(enum idmap_answer a, enum idmap_answer b);
