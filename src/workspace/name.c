#include "workspace/name.h"

#include <sha2.h>
#include <stdint.h>
#include <string.h>

#define HASH_DIGITS 8

/* Incus' rule for names is that of host names: letters, digits, dashes, no digit or dash in front. */
static bool may_begin_a_name(const char *prefix) {
    size_t length = strlen(prefix);
    const char *allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    return length > 0 && length <= 40 && strspn(prefix, allowed) == length &&
           !strchr("0123456789-", prefix[0]);
}

const char *name_prefix(struct error *err) {
    const char *prefix = getenv("COI_CONTAINER_PREFIX");
    if (str_empty(prefix))
        return "coi-";
    if (may_begin_a_name(prefix))
        return prefix;
    _cleanup_free_ char *shown = str_shown(prefix);
    error_set(err, ERROR_USAGE, "COI_CONTAINER_PREFIX \"%s\" cannot begin a container's name", shown);
    error_hint(err, "letters, digits and dashes, a letter first, at most 40");
    return NULL;
}

char *name_of(const char *prefix, const char *workspace, unsigned int slot) {
    char digest[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)workspace, strlen(workspace), digest);
    return str_printf("%s%.*s-%u", prefix, HASH_DIGITS, digest, slot);
}

bool name_is_standby(const char *prefix, const char *name) {
    unsigned int slot = 0;
    return name_parse(prefix, name, &slot) && slot >= STANDBY_FIRST;
}

bool name_parse(const char *prefix, const char *name, unsigned int *slot) {
    unsigned long number;
    if (!str_starts(name, prefix))
        return false;
    const char *hash = name + strlen(prefix);
    if (strspn(hash, "0123456789abcdef") != HASH_DIGITS || hash[HASH_DIGITS] != '-')
        return false;
    const char *digits = hash + HASH_DIGITS + 1;
    if (digits[0] == '0' || !str_to_number(digits, STANDBY_LAST, &number) ||
        (number > RUN_SLOTS && number < STANDBY_FIRST))
        return false;
    if (slot)
        *slot = (unsigned int)number;
    return true;
}

unsigned int name_free_slot(const char *prefix, const char *workspace, unsigned int first,
                            unsigned int last, const struct strings *taken) {
    for (unsigned int slot = first; slot <= last; slot++) {
        _cleanup_free_ char *name = name_of(prefix, workspace, slot);
        if (!strings_has(taken, name))
            return slot;
    }
    return 0;
}
