#include "config/machine.h"

#include "config/value.h"

#include <stdint.h>
#include <string.h>

static const struct {
    const char *name;
    enum setting_kind kind;
    bool of_member;
} keys[MACHINE_KEYS] = {
    [MACHINE_UID] = {"uid", KIND_ID, true},
    [MACHINE_GID] = {"gid", KIND_ID, true},
    [MACHINE_URL] = {"url", KIND_TEXT, false},
    [MACHINE_FINGERPRINT] = {"fingerprint", KIND_TEXT, false},
    [MACHINE_PROJECT] = {"project", KIND_TEXT, false},
    [MACHINE_TARGET] = {"target", KIND_TEXT, false},
};

static const char *const kinds[] = {[MACHINE_MEMBER] = "member ", [MACHINE_REMOTE] = "remote "};

void machines_done(struct machines *machines) {
    for (size_t i = 0; i < machines->count; i++) {
        free(machines->items[i].name);
        free(machines->items[i].where);
        for (int key = 0; key < MACHINE_KEYS; key++)
            free(machines->items[i].values[key]);
    }
    free(machines->items);
    *machines = (struct machines){0};
}

static struct machine *add(struct machines *machines, enum machine_kind kind, const char *name,
                           const char *where) {
    machines->items = mem_grow(machines->items, (machines->count + 1) * sizeof *machines->items);
    struct machine *machine = &machines->items[machines->count++];
    *machine = (struct machine){.kind = kind, .name = str_copy(name), .where = str_copy(where)};
    return machine;
}

void machines_copy(struct machines *to, const struct machines *from) {
    *to = (struct machines){0};
    for (size_t i = 0; i < from->count; i++) {
        struct machine *machine = add(to, from->items[i].kind, from->items[i].name, from->items[i].where);
        for (int key = 0; key < MACHINE_KEYS; key++)
            machine->values[key] = str_copy(from->items[i].values[key]);
    }
}

const char *machine_section(const char *section, enum machine_kind *kind) {
    for (size_t i = 0; i < array_length(kinds); i++)
        if (str_starts(section, kinds[i]) && section[strlen(kinds[i])]) {
            *kind = (enum machine_kind)i;
            return section + strlen(kinds[i]);
        }
    return NULL;
}

bool machine_name_is_good(const char *name) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
    return *name && *name != '.' && *name != '-' && strspn(name, letters) == strlen(name);
}

static bool unknown_key(enum machine_kind kind, const char *key, const char *where, struct error *err) {
    _cleanup_free_ char *shown = str_shown(key);
    _cleanup_(strings_done) struct strings known = {0};
    for (int i = 0; i < MACHINE_KEYS; i++)
        if (kind == MACHINE_REMOTE || keys[i].of_member)
            strings_add(&known, keys[i].name);
    _cleanup_free_ char *list = strings_join(&known, ", ");
    error_set(err, ERROR_USAGE, "%s: unknown key \"%s\" in [%sNAME]", where, shown, kinds[kind]);
    error_hint(err, "[%sNAME] has: %s", kinds[kind], list);
    return false;
}

bool machines_take(struct machines *machines, enum machine_kind kind, const char *name, const char *key,
                   const char *value, const char *where, struct error *err) {
    int which = 0;
    while (which < MACHINE_KEYS && !str_equal(keys[which].name, key))
        which++;
    if (which == MACHINE_KEYS || (kind == MACHINE_MEMBER && !keys[which].of_member))
        return unknown_key(kind, key, where, err);
    if (!machine_name_is_good(name)) {
        _cleanup_free_ char *shown = str_shown(name);
        return error_set(err, ERROR_USAGE, "%s: \"%s\" cannot be the name of a machine", where, shown);
    }
    if (!value_check(keys[which].kind, value, err)) {
        error_prefix(err, "%s: %s", where, key);
        return false;
    }
    struct machine *machine = (struct machine *)machines_find(machines, kind, name);
    if (!machine)
        machine = add(machines, kind, name, where);
    if (machine->values[which])
        return error_set(err, ERROR_USAGE, "%s: %s is set twice", where, key);
    machine->values[which] = str_copy(value);
    return true;
}

const struct machine *machines_find(const struct machines *machines, enum machine_kind kind,
                                    const char *name) {
    for (size_t i = 0; i < machines->count; i++)
        if (machines->items[i].kind == kind && str_equal(machines->items[i].name, name))
            return &machines->items[i];
    return NULL;
}

const char *machine_text(const struct machine *machine, enum machine_key key) {
    return machine && machine->values[key] ? machine->values[key] : "";
}

bool machine_ids(const struct machine *machine, unsigned int *uid, unsigned int *gid) {
    unsigned long number = 0;
    if (!str_to_number(machine_text(machine, MACHINE_UID), UINT32_MAX - 1, &number))
        return false;
    *uid = *gid = (unsigned int)number;
    if (str_to_number(machine_text(machine, MACHINE_GID), UINT32_MAX - 1, &number))
        *gid = (unsigned int)number;
    return true;
}
