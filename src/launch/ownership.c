#include "launch/ownership.h"

static bool is_codes(const struct owner_count *one, const struct idmap_facts *facts,
                     const struct idmap_decision *decision) {
    return idmap_seen(facts, decision, (struct idmap_ids){one->uid, one->gid}).uid == facts->code.uid;
}

size_t ownership_strangers(const struct owners *owners, const struct idmap_facts *facts,
                           const struct idmap_decision *decision) {
    size_t strangers = 0;
    for (size_t i = 0; i < owners->count; i++)
        if (!is_codes(&owners->items[i], facts, decision))
            strangers += owners->items[i].count;
    return strangers;
}

void ownership_lines(const struct owners *owners, const struct idmap_facts *facts,
                     const struct idmap_decision *decision, struct strings *lines) {
    const char *bound = owners->complete ? "" : "the first ";
    size_t strangers = ownership_strangers(owners, facts, decision);
    if (strangers == 0) {
        strings_printf(lines, "%s%zu looked at, code's inside, all of them", bound, owners->entries);
        return;
    }
    strings_printf(lines, "%s%zu looked at, %zu not code's inside", bound, owners->entries, strangers);
    for (size_t i = 0; i < owners->count; i++) {
        const struct owner_count *one = &owners->items[i];
        struct idmap_ids seen = idmap_seen(facts, decision, (struct idmap_ids){one->uid, one->gid});
        _cleanup_free_ char *example = str_shown(one->example);
        if (!is_codes(one, facts, decision))
            strings_printf(lines, "%zu of %u:%u, seen as %u:%u: %s%s", one->count, one->uid, one->gid,
                           seen.uid, seen.gid, example, one->count > 1 ? ", …" : "");
    }
}

json_t *ownership_json(const struct owners *owners, const struct idmap_facts *facts,
                       const struct idmap_decision *decision) {
    json_t *all = json_array();
    for (size_t i = 0; i < owners->count; i++) {
        const struct owner_count *one = &owners->items[i];
        struct idmap_ids seen = idmap_seen(facts, decision, (struct idmap_ids){one->uid, one->gid});
        json_array_append_new(
            all, json_pack("{s:I, s:I, s:I, s:I, s:I, s:b, s:o}", "uid", (json_int_t)one->uid, "gid",
                           (json_int_t)one->gid, "count", (json_int_t)one->count, "seen_uid",
                           (json_int_t)seen.uid, "seen_gid", (json_int_t)seen.gid, "codes",
                           is_codes(one, facts, decision), "example", json_text(one->example)));
    }
    return json_pack("{s:I, s:b, s:I, s:o}", "looked_at", (json_int_t)owners->entries, "complete",
                     owners->complete, "not_codes",
                     (json_int_t)ownership_strangers(owners, facts, decision), "owners", all);
}

void ownership_remedy(const char *workspace, const struct idmap_facts *facts, struct strings *command) {
    _cleanup_free_ char *uid = str_printf("%u", facts->host.uid),
                        *both = str_printf("%u:%u", facts->host.uid, facts->host.gid);
    /* from within each directory: a name that becomes a link meanwhile leads nowhere else */
    strings_add_all(command, "sudo", "find", workspace, "-xdev", "!", "-uid", uid, "-execdir", "chown",
                    "-h", both, "{}", "+", NULL);
}
