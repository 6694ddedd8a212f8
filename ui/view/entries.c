#include "ui/view/entries.h"

#include "record/record.h"

const struct entry_spec entry_specs[ENTRIES] = {
    [ENTRY_WORKSPACE] = {"workspace", "tab completes, Ctrl-n takes a recent one", false, NO_SETTING},
    [ENTRY_COMMAND] = {"command", "words; quotes hold one together", false, NO_SETTING},
    [ENTRY_IMAGE] = {"image", "alias or fingerprint", false, SETTING_IMAGE},
    [ENTRY_SLOT] = {"slot", "1 to 10; 0: the next free one", false, NO_SETTING},
    [ENTRY_PERSISTENT] = {"persistent", "yes: kept when it ends", false, SETTING_PERSISTENT},
    [ENTRY_NETWORK] = {"network", "space: allowlist, open, none, restricted", false, SETTING_NETWORK},
    [ENTRY_ALLOW] = {"allow", "github.com:443, 10.0.0.5:22", true, SETTING_ALLOW},
    [ENTRY_PUBLISH] = {"publish", "8080, or 8080:80; empty: none", true, SETTING_PUBLISH},
    [ENTRY_TARGET] = {"target", "a member, @GROUP or auto; empty: where its directory is", true,
                      SETTING_TARGET},
    [ENTRY_CPU] = {"cpu", "a count, or 0-3; empty: no limit", true, SETTING_CPU},
    [ENTRY_MEMORY] = {"memory", "2GiB, 50%; empty: no limit", true, SETTING_MEMORY},
    [ENTRY_PROCESSES] = {"processes", "a count; empty: no limit", true, SETTING_PROCESSES},
    [ENTRY_DISK_READ] = {"disk read", "20MiB or 500iops a second; empty: no limit", true,
                         SETTING_DISK_READ},
    [ENTRY_DISK_WRITE] = {"disk write", "20MiB or 500iops a second; empty: no limit", true,
                          SETTING_DISK_WRITE},
};

bool entries_take_settings(const struct field *fields, struct settings *settings, struct error *err) {
    for (int i = 0; i < ENTRIES; i++) {
        const struct entry_spec *spec = &entry_specs[i];
        const char *value = field_text(&fields[i]);
        if (spec->setting == NO_SETTING || str_equal(value, settings_text(settings, spec->setting)))
            continue;
        if (*value && !settings_flag(settings, spec->setting, spec->label, value, err))
            return false;
        if (!*value && spec->may_be_empty)
            settings_clear(settings, spec->setting, spec->label);
    }
    return true;
}

bool entries_take_request(const struct field *fields, bool shell, struct launch_request *request,
                          struct error *err) {
    unsigned long slot = 0;
    const char *path = field_text(&fields[ENTRY_WORKSPACE]), *number = field_text(&fields[ENTRY_SLOT]);
    if (*number && !str_to_number(number, 10, &slot))
        return error_set(err, ERROR_USAGE, "slot %s: must be 0 to 10 (0: the next free slot)", number);
    request->slot = (unsigned int)slot;
    request->workspace = str_copy(*path ? path : ".");
    if (shell) {
        request->session_id = record_new_id();
        return true;
    }
    words_split(field_text(&fields[ENTRY_COMMAND]), &request->command);
    if (request->command.count)
        return true;
    return error_set(err, ERROR_USAGE, "a command is required");
}
