#include "idmap/idmap.h"

static bool usable(enum idmap_delegation delegation) {
    return delegation != IDMAP_NOT_DELEGATED;
}

/* Why shift cannot be used although the ids match; IDMAP_IDS_MATCH if it can. */
static enum idmap_reason shift_obstacle(const struct idmap_facts *facts, bool shift_failed) {
    if (facts->disable_shift)
        return IDMAP_SHIFT_DISABLED;
    if (facts->mount_ok == IDMAP_NO || shift_failed)
        return IDMAP_FILESYSTEM;
    if (facts->vm == IDMAP_VM_LIMA || facts->vm == IDMAP_VM_COLIMA)
        return IDMAP_VM_HOST;
    if (facts->daemon_ok == IDMAP_NO)
        return IDMAP_NO_DAEMON_SUPPORT;
    if (facts->profile_maps)
        return IDMAP_PROFILE;
    return IDMAP_IDS_MATCH;
}

/* Whether code may write into the workspace that it sees like this. */
static bool may_write(const struct idmap_facts *facts, struct idmap_ids seen) {
    unsigned int bits = facts->mode & 07;
    if (seen.uid == facts->code.uid)
        bits = (facts->mode >> 6) & 07;
    else if (seen.gid == facts->code.gid)
        bits = (facts->mode >> 3) & 07;
    return (bits & 03) == 03; /* creating a file in a directory takes write and search */
}

struct idmap_ids idmap_seen(const struct idmap_facts *facts, const struct idmap_decision *decision,
                            struct idmap_ids ids) {
    if (decision->method != IDMAP_RAW)
        return ids;
    bool group_seen = decision->group_mapped && ids.gid == facts->host.gid;
    return (struct idmap_ids){.uid = ids.uid == facts->host.uid ? facts->code.uid : IDMAP_NOBODY,
                              .gid = group_seen ? facts->code.gid : IDMAP_NOBODY};
}

static void predict(const struct idmap_facts *facts, struct idmap_decision *decision) {
    struct idmap_view *view = &decision->view;
    view->seen = idmap_seen(facts, decision, facts->owner);
    view->made = decision->method == IDMAP_RAW ? facts->host : facts->code;
    view->made_gid_known = decision->group_mapped;
    view->writable = may_write(facts, view->seen);
}

static void warn(const struct idmap_facts *facts, struct idmap_decision *decision) {
    if (decision->method == IDMAP_RAW && !decision->group_mapped)
        decision->warnings |= IDMAP_WARN_GROUP_UNMAPPED;
    if (decision->view.seen.uid != facts->code.uid)
        decision->warnings |= IDMAP_WARN_OWNER_UNMAPPED;
    if (!decision->view.writable)
        decision->warnings |= IDMAP_WARN_NOT_WRITABLE;
    if (decision->shift && decision->reason == IDMAP_IDS_MATCH &&
        (facts->mount_ok == IDMAP_UNKNOWN || facts->vm != IDMAP_VM_NONE))
        decision->warnings |= IDMAP_WARN_SHIFT_UNPROVEN;
    if (decision->method == IDMAP_RAW && facts->uid_delegation == IDMAP_UNREAD &&
        facts->source != IDMAP_FROM_PROBE)
        decision->warnings |= IDMAP_WARN_UNREAD;
    if (decision->shift && facts->daemon_ok == IDMAP_UNKNOWN)
        decision->warnings |= IDMAP_WARN_DAEMON_UNKNOWN;
    if (facts->subuid_malformed || facts->subgid_malformed)
        decision->warnings |= IDMAP_WARN_SUBID;
}

static void write_raw(const struct idmap_facts *facts, struct idmap_decision *decision) {
    struct idmap_ids host = facts->host, code = facts->code;
    if (!decision->group_mapped)
        snprintf(decision->raw, sizeof decision->raw, "uid %u %u", host.uid, code.uid);
    else if (host.uid == host.gid && code.uid == code.gid)
        snprintf(decision->raw, sizeof decision->raw, "both %u %u", host.uid, code.uid);
    else
        snprintf(decision->raw, sizeof decision->raw, "uid %u %u\ngid %u %u", host.uid, code.uid, host.gid,
                 code.gid);
}

static struct idmap_decision refuse(const struct idmap_facts *facts, enum idmap_reason reason) {
    bool malformed = facts->subuid_malformed || facts->subgid_malformed;
    return (struct idmap_decision){
        .method = IDMAP_REFUSED, .reason = reason, .warnings = malformed ? IDMAP_WARN_SUBID : 0};
}

/* The container itself shows whose the directory is, as the ids of a mount that shifts are those on disk.
 */
static struct idmap_decision decide_by_looking(const struct idmap_facts *facts, bool shift_failed) {
    if (facts->code.uid == 0)
        return refuse(facts, IDMAP_CODE_ROOT);
    if (*facts->project.no_source)
        return refuse(facts, IDMAP_PROJECT_DISK);
    if (shift_failed || facts->daemon_ok == IDMAP_NO || facts->profile_maps)
        return refuse(facts, IDMAP_IDS_UNKNOWN);
    struct idmap_decision decision = {
        .method = IDMAP_SHIFT, .reason = IDMAP_IDS_UNKNOWN, .shift = true, .group_mapped = true};
    predict(facts, &decision);
    warn(facts, &decision);
    return decision;
}

static struct idmap_decision decide(const struct idmap_facts *facts, bool shift_failed) {
    if (facts->source == IDMAP_FROM_NOWHERE)
        return decide_by_looking(facts, shift_failed);
    if (facts->host.uid == 0)
        return refuse(facts, IDMAP_HOST_ROOT);
    if (facts->code.uid == 0)
        return refuse(facts, IDMAP_CODE_ROOT);
    if (*facts->project.no_source)
        return refuse(facts, IDMAP_PROJECT_DISK);

    struct idmap_decision decision = {.reason = IDMAP_IDS_DIFFER};
    if (facts->host.uid == facts->code.uid && facts->host.gid == facts->code.gid)
        decision.reason = shift_obstacle(facts, shift_failed);
    if (decision.reason == IDMAP_IDS_MATCH) {
        decision.method = IDMAP_SHIFT;
        decision.shift = true;
        decision.group_mapped = true;
    } else {
        if (!usable(facts->uid_delegation))
            return refuse(facts, IDMAP_NOT_DELEGATED_IDS);
        if (facts->project.no_uid)
            return refuse(facts, IDMAP_PROJECT_IDS);
        decision.method = IDMAP_RAW;
        decision.group_mapped =
            facts->host.gid != 0 && usable(facts->gid_delegation) && !facts->project.no_gid;
        write_raw(facts, &decision);
    }
    predict(facts, &decision);
    warn(facts, &decision);
    return decision;
}

struct idmap_decision idmap_decide(const struct idmap_facts *facts) {
    return decide(facts, false);
}

struct idmap_decision idmap_decide_without_shift(const struct idmap_facts *facts) {
    return decide(facts, true);
}

enum idmap_answer idmap_both(enum idmap_answer a, enum idmap_answer b) {
    if (a == IDMAP_NO || b == IDMAP_NO)
        return IDMAP_NO;
    return a == IDMAP_YES && b == IDMAP_YES ? IDMAP_YES : IDMAP_UNKNOWN;
}
