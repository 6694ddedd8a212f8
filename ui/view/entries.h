/* What the launch form asks for, and what comes of what was filled in. */
#pragma once

#include "launch/request.h"
#include "ui/terminal/field.h"

enum entry {
    ENTRY_WORKSPACE,
    ENTRY_COMMAND,
    ENTRY_IMAGE,
    ENTRY_SLOT,
    ENTRY_PERSISTENT,
    ENTRY_NETWORK,
    ENTRY_ALLOW,
    ENTRY_PUBLISH,
    ENTRY_TARGET,
    ENTRY_CPU,
    ENTRY_MEMORY,
    ENTRY_PROCESSES,
    ENTRY_DISK_READ,
    ENTRY_DISK_WRITE,
    ENTRIES
};

struct entry_spec {
    const char *label;
    const char *hint;
    bool may_be_empty; /* no limit then */
    enum setting setting;
};
#define NO_SETTING SETTINGS_COUNT
extern const struct entry_spec entry_specs[ENTRIES];

/* Of an array of ENTRIES fields: the settings that are others than those which stand there already. */
bool entries_take_settings(const struct field *fields, struct settings *settings,
                           struct error *err) nodiscard;
/* The rest: workspace, slot, and a command unless it is a shell session's. */
bool entries_take_request(const struct field *fields, bool shell, struct launch_request *request,
                          struct error *err) nodiscard;
